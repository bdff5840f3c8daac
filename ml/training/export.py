"""Export weights: the way to `ml.training.release.export` that documents name."""

from ml.training.release.export import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
