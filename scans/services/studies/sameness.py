"""Whether a file that comes is an object that is there: the same data set behind any file meta.

Each door writes a file meta of its own, so the digest of the whole file is another for one object
that comes by C-STORE and by an upload. Files are read only where a UID is there with other bytes.
"""

from django.core.files.storage import default_storage

from scans import ingest


def is_stored_as(content: bytes, name: str) -> bool:
    """Whether the stored file of this name has the data set of these bytes; no where it is gone."""
    try:
        with default_storage.open(name) as file:
            stored = file.read()
    except FileNotFoundError:
        return False
    return ingest.same_data_set(content, stored)


def are_stored_alike(name: str, other: str) -> bool:
    """Whether two stored files have the same data set; no where one is gone."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError:
        return False
    return is_stored_as(content, other)
