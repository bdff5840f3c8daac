"""Run a release over a split, once for each change, and keep what it said.

A pass is a list of JSON objects, one a slice, and is stored when it is done, and now and then
before that: an evaluation that is cut off goes on where it was. The release runs through
`ml.predictor`, the code that serves it.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import cv2
import numpy as np

from ml.cli.progress import ProgressBar
from ml.imaging.pixels import Uint8Array
from ml.predictor import Abstention, Prediction, Predictor
from ml.release.decisive import decisive
from ml.release.releases import file_sha256
from ml.training.augmentation.perturbation import Perturbation
from ml.training.augmentation.robustness_set import ROBUSTNESS
from ml.training.data.manifest import DataError, Slice, read_image
from ml.training.evaluation.deletion import SIDE, remove
from ml.training.evaluation.localization import localized, share_of_head
from ml.training.evaluation.refusal import read_drawings

BATCH: Final = 8
KEEP_EVERY: Final = 30.0  # seconds between two writings of a pass that is not done
FORMAT: Final = 2  # of what is stored: a stored pass of another format is made anew
AS_IT_IS: Final = "as-it-is"
DELETION: Final = "deletion"
DRAWINGS: Final = "drawings"
_IMAGES: Final = "images.sha256"

Row: TypeAlias = dict[str, Any]


class Passes:
    """The passes of one release over one split.

    Args:
        predictor: the loaded release.
        slices: of the split, in the order of the manifest.
        store: folder for finished passes; it is made, and may be shared by releases.
        expected: how many passes will be asked for; for the progress bar alone.
    """

    def __init__(
        self,
        *,
        predictor: Predictor,
        slices: Sequence[Slice],
        store: Path,
        expected: int = 3 + len(ROBUSTNESS),
    ) -> None:
        self._predictor, self._slices = predictor, slices
        self._folder = store / _key(predictor, slices)
        self._folder.mkdir(parents=True, exist_ok=True)
        _forget_other_images(self._folder, slices)
        self._progress = ProgressBar("Slices", total=len(slices) * expected)
        self._done = 0

    def as_it_is(self) -> list[Row]:
        """Each slice unchanged: what was said, and where it points."""
        return self._stored(AS_IT_IS, self._read_unchanged)

    def changed(self, changes: Sequence[Perturbation] = ROBUSTNESS) -> dict[str, list[Row]]:
        """Each slice under each of the changes, by the change's name."""
        return {
            change.name: self._stored(change.name, partial(self._read, change))
            for change in changes
        }

    def deletion(self, unchanged: Sequence[Row]) -> list[Row]:
        """Slices that the release called tumor, without the hottest region and without another one.

        Args:
            unchanged: from `as_it_is`.

        Returns:
            A row a slice: {} where it is not such an image, else `before`, `hot`, `other` (the
            network's logits) and `overlap` of the two regions.
        """
        return self._stored(DELETION, lambda: self._remove(unchanged))

    def drawings(self) -> list[Row]:
        """What the release says of images of other things (`read_drawings`)."""
        return self._stored(DRAWINGS, self._read_drawings)

    def _stored(self, name: str, make: Callable[[], list[Row]]) -> list[Row]:
        path = self._folder / f"{name}.json"
        if path.is_file():
            rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
            self._done += len(self._slices)
        else:
            rows = make()
            _write(path, json.dumps(rows).encode())
            (self._folder / f"{name}.begun.npz").unlink(missing_ok=True)
        self._progress(self._done, name)
        return rows

    def _batches(self, *, start: int = 0) -> Iterator[tuple[Sequence[Slice], list[Uint8Array]]]:
        """Slices with their pixels; the next batch is decoded while this one is being read."""
        parts = [self._slices[at : at + BATCH] for at in range(start, len(self._slices), BATCH)]
        with ThreadPoolExecutor(max_workers=1) as ahead:
            waiting = ahead.submit(_decode, parts[0]) if parts else None
            for index, part in enumerate(parts):
                assert waiting is not None
                images = waiting.result()
                if index + 1 < len(parts):
                    waiting = ahead.submit(_decode, parts[index + 1])
                yield part, images
                self._done += len(part)
                self._progress(self._done)

    def _read(self, change: Perturbation) -> list[Row]:
        begun = _Begun(self._folder / f"{change.name}.begun.npz")
        rows = begun.rows
        self._done += len(rows)
        for _, images in self._batches(start=len(rows)):
            results = self._predictor.predict_many([change.apply(image) for image in images])
            rows += [self._row_of(result) for result in results]
            begun.keep()
        return rows

    def _read_unchanged(self) -> list[Row]:
        begun = _Begun(self._folder / f"{AS_IT_IS}.begun.npz")
        rows, heats = begun.rows, begun.heats
        self._done += len(rows)
        for part, images in self._batches(start=len(rows)):
            results = self._predictor.predict_many(images)
            for item, image, result in zip(part, images, results, strict=True):
                row = self._row_of(result)
                heat = np.zeros((SIDE, SIDE), dtype=np.uint8)
                if item.outlines:
                    row["share_of_head"] = share_of_head(image, item.outlines)
                if isinstance(result, Prediction):
                    heat = _small(result.heatmap)
                    row["regions"] = len(result.regions or ())
                    if item.outlines:
                        height, width = image.shape[:2]
                        row |= localized(result, item.outlines, height=height, width=width)
                rows.append(row)
                heats.append(heat)
            begun.keep()
        with (self._folder / "heat.npz").open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, heat=np.stack(heats))
        return rows

    def _read_drawings(self) -> list[Row]:
        rows = read_drawings(self._predictor)
        self._done += len(self._slices)
        return rows

    def _row_of(self, result: Prediction | Abstention) -> Row:
        if isinstance(result, Abstention):
            return {"reason": result.reason}
        return {
            "probability": result.probability,
            "logit": self._predictor.release.calibration.logit(result.probability),
            "label": result.label,
        }

    def _remove(self, unchanged: Sequence[Row]) -> list[Row]:
        with np.load(self._folder / "heat.npz", allow_pickle=False) as archive:
            heats = archive["heat"]
        rows: list[Row] = []
        for part, images in self._batches():
            first = len(rows)
            found: list[Row] = [{} for _ in part]
            changes: list[tuple[int, str, Uint8Array]] = []
            for position, image in enumerate(images):
                before = unchanged[first + position]
                if before.get("label") != "tumor":
                    continue
                removal = remove(image, heat=heats[first + position], seed=first + position)
                if removal is not None:
                    found[position] = {"before": before["logit"], "overlap": removal.overlap}
                    changes += [(position, "hot", removal.hot), (position, "other", removal.other)]
            results = self._predictor.predict_many([image for _, _, image in changes])
            for (position, name, _), result in zip(changes, results, strict=True):
                found[position][name] = self._row_of(result).get("logit")
            # Where one of the two became unreadable there is nothing to compare.
            rows += [row if _both(row) else {} for row in found]
        return rows


class _Begun:
    """The rows of a pass that is not done, and its heatmaps if it has any; kept now and then."""

    def __init__(self, path: Path) -> None:
        self._path, self._kept = path, time.monotonic()
        self.rows: list[Row] = []
        self.heats: list[Uint8Array] = []
        if path.is_file():
            with np.load(path, allow_pickle=False) as archive:
                self.rows = json.loads(archive["rows"].tobytes())
                self.heats = list(archive["heats"])

    def keep(self) -> None:
        """Write what there is, where that was not done lately."""
        if time.monotonic() - self._kept < KEEP_EVERY:
            return
        content = io.BytesIO()
        rows = np.frombuffer(json.dumps(self.rows).encode(), dtype=np.uint8)
        np.savez_compressed(content, allow_pickle=False, rows=rows, heats=np.array(self.heats))
        _write(self._path, content.getvalue())
        self._kept = time.monotonic()


def _write(path: Path, content: bytes) -> None:
    """Replace a file by a whole one."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _both(row: Row) -> bool:
    return row.get("hot") is not None and row.get("other") is not None


def _decode(part: Sequence[Slice]) -> list[Uint8Array]:
    return [read_image(item.path) for item in part]


def _small(heatmap: Uint8Array) -> Uint8Array:
    shrunk = cv2.resize(heatmap, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return shrunk.astype(np.uint8, copy=False)


def _forget_other_images(folder: Path, slices: Sequence[Slice]) -> None:
    """Drop stored passes where a file has another content now than when they were made.

    The key knows files by their names; what is in them stands in a note beside the passes.
    """
    digest = hashlib.sha256()
    for item in slices:
        try:
            digest.update(f"{item.path.name} {file_sha256(item.path)}\n".encode())
        except OSError as error:
            raise DataError(f"{item.path} cannot be read: {error.strerror}.") from error
    note = folder / _IMAGES
    if note.is_file() and note.read_text(encoding="utf-8") != digest.hexdigest():
        for path in (*folder.glob("*.json"), *folder.glob("*.begun.npz")):
            path.unlink()
    note.write_text(digest.hexdigest(), encoding="utf-8")


def _key(predictor: Predictor, slices: Sequence[Slice]) -> str:
    """Of all that a row depends on: what decides the release's answers, engine, images, labels."""
    facts = {
        "format": FORMAT,
        "release": decisive(predictor.release),
        "engine": predictor.engine,
        "images": [
            [item.path.name, item.source, item.kind, item.tumor, item.cluster, item.outlines]
            for item in slices
        ],
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
