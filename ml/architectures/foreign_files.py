"""What people offer in place of a Keras model file, and the words that fit each."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

_SAVE: Final = (
    "Load it where it was made and save the whole model: `model.save('model.keras')`. Then convert "
    "that file."
)
_HEAD: Final = 512
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_KERAS_MEMBERS: Final = {"config.json", "model.weights.h5"}


def words_for(path: Path) -> str | None:
    """What is wrong with a file or folder as a Keras model, and what to do; None for one that may
    be a model.

    Nothing in it is run: its first bytes tell, and of a ZIP archive the names in it.
    """
    if path.is_dir():
        return _words_for_folder(path)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return f"{path} is empty. Copy it again from where it came from."
    if head.startswith(b"version https://git-lfs"):
        return (
            f"{path} is a Git LFS pointer, a note of where the model is kept, and not the model. "
            "Fetch it with `git lfs pull`, then convert it."
        )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return (
            f"{path} is a web page that was saved in place of the model, such as a page that asks "
            "to sign in or to confirm. Open the address in a browser and download the file itself."
        )
    if head.startswith(b"PK"):
        return _words_for_archive(path)
    if head.startswith(b"\x80") and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return f"{path} is a Python pickle, which NeuroScan never opens: it can run code. {_SAVE}"
    if head[4:8] == b"TFL3":
        return f"{path} is a TensorFlow Lite model. {_SAVE}"
    if head.startswith(b"\x1f\x8b"):
        return f"{path} is compressed with gzip. Unpack it, then convert the model file in it."
    return None


def _words_for_folder(path: Path) -> str:
    if (path / "saved_model.pb").exists():
        return (
            f"{path} is a TensorFlow SavedModel, a folder. {_SAVE} "
            "(`tf.keras.models.load_model` opens the folder in TensorFlow 2.15 or older.)"
        )
    models = sorted(one.name for one in path.iterdir() if one.suffix in (".h5", ".keras"))
    if set(models) or not (path / "config.json").exists():
        names = f" It holds {', '.join(models[:5])}." if models else ""
        return f"{path} is a folder.{names} Name the model file itself: .keras or .h5."
    return f"{path} is a .keras file that was unpacked. Name the .keras file itself."


def _words_for_archive(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return f"{path} is a ZIP archive that is cut off or damaged. Copy it again."
    if set(names) >= _KERAS_MEMBERS:
        return None
    models = [name for name in names if name.endswith((".h5", ".keras"))]
    if any(name.endswith("saved_model.pb") for name in names):
        return f"{path} is a ZIP archive of a TensorFlow SavedModel. {_SAVE}"
    if any(name.endswith("data.pkl") for name in names):
        return f"{path} is a PyTorch model, and NeuroScan reads Keras models. Convert it to Keras."
    if models:
        return (
            f"{path} is a ZIP archive that holds {', '.join(models[:5])}. Unpack it, then convert "
            "the model file in it."
        )
    return f"{path} is a ZIP archive without a Keras model in it. Choose the .keras or .h5 file."
