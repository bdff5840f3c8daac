"""The earlier name of `ml.training.average_checkpoints`; cards of releases say it."""

from ml.training.loop.average_checkpoints import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
