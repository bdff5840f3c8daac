"""Quantize a release: the way to `ml.training.fitting.quantize` that documents name."""

from ml.training.fitting.quantize import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
