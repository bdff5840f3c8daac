"""Count data by stratum: the way to `ml.training.loop.strata` that documents name."""

from ml.training.loop.strata import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
