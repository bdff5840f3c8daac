"""Make a release: the way to `ml.training.release.make_release` that documents name."""

from ml.training.release.make_release import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
