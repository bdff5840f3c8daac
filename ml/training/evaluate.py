"""Evaluate a release: the way to `ml.training.release.evaluate` that documents name."""

from ml.training.release.evaluate import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
