"""Image files: which are read, and how their bytes become pixels."""
