"""Compare engines: the way to `ml.training.evaluation.parity` that documents name."""

from ml.training.evaluation.parity import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
