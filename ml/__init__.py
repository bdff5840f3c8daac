"""NeuroScan's model code: arrays in, frozen dataclasses out, nothing of Django in here."""
