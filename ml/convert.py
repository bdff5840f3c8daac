"""Make a release of a Keras file: the way to `ml.cli.convert` that documents name."""

from ml.cli.convert import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
