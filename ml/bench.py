"""Time the ways to read an image: the way to `ml.cli.bench` that documents name."""

from ml.cli.bench import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
