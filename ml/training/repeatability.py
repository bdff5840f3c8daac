"""Scan again: the way to `ml.training.evaluation.repeatability` that documents name."""

from ml.training.evaluation.repeatability import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
