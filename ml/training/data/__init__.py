"""Data folders: read, split without near-duplicates, prepared, and drawn into epochs."""
