"""The bytes of a stored file, once they are known to be those that were received."""

import hashlib
import threading
from datetime import datetime
from typing import Final

from django.core.files.storage import default_storage

from scans import ingest
from scans.models import Instance

# Of files of several frames, of which the next request most likely wants the next one, the last
# one stays in memory. In bytes, a process.
MOST_KEPT: Final = 128 * 1024**2

_Key = tuple[str, str, int, datetime]
_lock = threading.Lock()
_kept: tuple[_Key, bytes] | None = None


def verified_content(instance: Instance) -> bytes:
    """Read the file of an instance, or take what was read of it for another frame.

    What the storage says of the file is asked each time: one that is missing, or was written since,
    is not taken from memory.

    Raises:
        FileNotFoundError: where the storage lost the file.
        ingest.Refusal: with code `changed_file` for bytes that are not those that were received.
    """
    global _kept
    if instance.number_of_frames <= 1:
        return _verified(instance)
    name = str(instance.file.name)
    size, written = default_storage.size(name), default_storage.get_modified_time(name)
    key = (name, instance.sha256, size, written)
    with _lock:
        if _kept is not None and _kept[0] == key:
            return _kept[1]
    content = _verified(instance)
    if len(content) <= MOST_KEPT:
        with _lock:
            _kept = (key, content)
    return content


def _verified(instance: Instance) -> bytes:
    with default_storage.open(str(instance.file.name)) as file:
        content: bytes = file.read()
    if hashlib.sha256(content).hexdigest() != instance.sha256:
        raise ingest.Refusal(
            "changed_file",
            "Its file was damaged in the storage: it is not the one that was received.",
            "Tell your administrator.",
        )
    return content
