"""What a run is made of beside its settings: its data, and the weights that it started from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ml.release.releases import file_sha256
from ml.training.data.folder import Labeled
from ml.training.loop.checkpoint import write_text

ORIGIN: Final = "origin.json"


def data_digest(items: Sequence[Labeled]) -> str:
    """SHA-256 of the slices: name, size, and everything by which they are drawn and changed.

    That is split, source, class, label, cluster, outlines, and what is known of where a slice comes
    from. Not the place of its folder, so that data may be moved; nor the pixels, which would take
    minutes: a file that is replaced by another of the same name has another size.
    """
    return _digest(items, known=True)


def _digest(items: Sequence[Labeled], *, known: bool) -> str:
    digest = hashlib.sha256()
    for item in items:
        one = item.slice
        facts: tuple[object, ...] = (
            *(one.path.parent.name, one.path.name, one.path.stat().st_size, item.split),
            *(one.source, one.kind, one.tumor, one.cluster, one.outlines),
        )
        if known:
            origin = asdict(one.provenance)
            del origin["folder"]  # where the data lies is not what it is
            facts += (origin,)
        digest.update(json.dumps(facts).encode())
    return digest.hexdigest()


def write_origin(folder: Path, *, items: Sequence[Labeled], source: str | None) -> None:
    """Write down, at the start of a run, what it is made of.

    Args:
        folder: of the run.
        items: its data.
        source: the file it started from, the name of weights that were downloaded, or None.
    """
    file = Path(source) if source else None
    origin = {
        "data": data_digest(items),
        "slices": len(items),
        "init": file.name if file else None,
        "init_sha256": file_sha256(file) if file and file.is_file() else None,
    }
    write_text(folder / ORIGIN, json.dumps(origin, indent=1))


def same_data(folder: Path, *, items: Sequence[Labeled]) -> bool:
    """Whether a run was begun with this data, as far as the version that began it noted it.

    The earliest noted nothing, and later ones not what is known of where a slice comes from.
    """
    path = folder / ORIGIN
    if not path.is_file():
        return True
    origin: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return origin.get("data") in (data_digest(items), _digest(items, known=False))
