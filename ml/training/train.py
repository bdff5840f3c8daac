"""Train the model: the way to `ml.training.loop.train` that documents name."""

from ml.training.loop.train import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
