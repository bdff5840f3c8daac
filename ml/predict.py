"""Read images: the way to `ml.cli.predict` that documents name."""

from ml.cli.predict import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
