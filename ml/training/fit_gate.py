"""Fit the gate: the way to `ml.training.fitting.gate` that documents name."""

from ml.training.fitting.gate import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
