"""Where medical files are kept: on the disk so that a power cut cannot take them back."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class DurableFileSystemStorage(FileSystemStorage):
    """A file counts as saved once its bytes, its name and those of its folders are on the disk."""

    def _save(self, name: str, content: File) -> str:
        folder = Path(self.path(name)).parent
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        saved = super()._save(name, content)  # type: ignore[misc]  # the stubs leave it out
        path = Path(self.path(saved))
        _sync([path, path.parent, *(one.parent for one in missing)])
        return saved


def _sync(paths: list[Path]) -> None:
    """Have all of them on the disk; raises `OSError` where one is not.

    At once: what the disk does for one, it does for the others, so that three take as long as one.
    """
    # Of its own, as processes fork: a shared pool would have no threads in the child.
    with ThreadPoolExecutor(len(paths)) as pool:
        others = [pool.submit(_sync_one, path) for path in paths[1:]]
        _sync_one(paths[0])
        for other in others:
            other.result()


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
