"""The commands: `python -m ml.predict`, `ml.bench`, `ml.convert`."""
