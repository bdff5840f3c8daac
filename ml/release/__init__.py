"""A model release: its description, its files, and how they are read and checked."""
