"""Fit the rule of a series: the way to `ml.training.release.fit_series` that documents name."""

from ml.training.release.fit_series import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
