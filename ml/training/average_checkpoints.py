"""Average checkpoints: the way to `ml.training.loop.average_checkpoints`."""

from ml.training.loop.average_checkpoints import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
