"""The networks that a release can name, each in a folder of its own."""
