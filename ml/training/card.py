"""Write the model card: the way to `ml.card.markdown` that documents name."""

from ml.card.markdown import main

__all__ = ["main"]

if __name__ == "__main__":
    raise SystemExit(main())
