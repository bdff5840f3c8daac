"""The images that the gate `brain-mri-3` is fitted and judged on, as descriptions.

Brain slices of `train` as they are and changed; images of other things as they are and changed;
drawings. Beside them slices of `val` and everything of `validate`, as they are, to set the limit
and to report. No pixel is kept: `ml.gate.slice_descriptors` and `ml.gate.map_descriptors` say what
remains of an image.

Each is read by the network once, so there are no more than some seven thousand: three minutes on
two cores.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from ml.cli.progress import ProgressBar
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array, to_gray
from ml.training.augmentation.clinic_set import change_as_clinics
from ml.training.augmentation.field_strength import as_at_7_tesla
from ml.training.augmentation.gate_set import change_some, turn
from ml.training.data.described import Negative, is_described, read_negatives
from ml.training.data.exceptions import read_exceptions, reason
from ml.training.data.folder import VALIDATE, Labeled
from ml.training.data.folders import Folders, as_folders, read_folders
from ml.training.data.manifest import DataError, Slice, read_image
from ml.training.data.provenance import UNKNOWN, Use
from ml.training.fitting.gate_describe import Describe
from ml.training.gate_negatives import FITTED, draw
from ml.training.gate_negatives.head_ct import head_ct

Split: TypeAlias = Literal["train", "val", "validate"]

BRAIN: Final = "brain"
DRAWN: Final = "drawn"  # how the kinds of drawings begin
HEAD_CT: Final = "head_ct"
# Slices of a stratum (source, plane and sequence; source and class where those are not known).
EACH: Final = 22
EACH_UNKNOWN: Final = 100
HELD_OUT_EACH: Final = {"val": 4, VALIDATE: 14}
DRAWN_EACH: Final = 12  # images of each family of drawings
DRAWN_CTS: Final = 240  # head CTs, each of a brain slice
# As many, of a family in which there is much to draw.
_TIMES: Final = {
    **dict.fromkeys(("chest-ct", "pelvis-ct", "limb-slice", "knee-mri", "pelvis-mri"), 2),
    **dict.fromkeys(("abdomen-ct", "breast-mri", "heart-mri", "chance-long-section"), 3),
    **dict.fromkeys(("phantom", "neck-mri", "abdomen-mri", "chance-section"), 4),
}
_STRIPPED: Final = {"yes": True, "no": False}
_LOWEST_CT: Final = 0.2  # level of the slices that head CTs are made of


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One description's origin.

    Attributes:
        kind: "brain", a kind of the manifest's such as "head_ct", or "drawn-" and the family.
        source: the collection, or the family of a drawing.
        stratum: what is sampled evenly within a kind.
        split: "train" fits, "val" and "validate" set the limit and are reported.
        use: what the image may be used for.
        version: "as is", or which change was made.
        disease: the class that the data folder gives, for example "ms".
        stripped: whether the skull was removed: "yes", "no" or "unknown".
        unreadable: turned away by its pixels alone, before the network is run.
    """

    kind: str
    source: str
    stratum: str
    split: Split
    use: Use
    version: str
    disease: str = ""
    stripped: str = UNKNOWN
    unreadable: bool = False

    @property
    def brain(self) -> bool:
        """Whether it is a brain MRI."""
        return self.kind == BRAIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """Descriptions as `brain_mri_3.join` makes them, float32, one a row, and each one's origin."""

    described: Float32Array
    rows: tuple[Sample, ...]


def read_samples(
    data: Folders,
    *,
    describe: Describe,
    seed: int = 1,
    drawn_each: int = DRAWN_EACH,
    store: Path | None = None,
) -> Samples:
    """Describe everything that the gate is fitted and judged on.

    Args:
        data: folder or folders as `ml.training.data.folders` reads them; those whose manifest has
            roles give images of other things too.
        describe: what the network is that looks at them.
        seed: of every draw.
        drawn_each: how many drawings of most families.
        store: .npz in which the descriptions are kept; where it is there, and of the same network,
            it is read instead.

    Raises:
        DataError: a data folder is not what it must be.
    """
    kept = None if store is None else _stored(store, network=describe.network)
    if kept is not None:
        return kept
    tasks = list(_images(as_folders(data), drawn_each=drawn_each, seed=seed))
    samples = _gathered(tasks, describe=describe)
    if store is not None:
        store.parent.mkdir(parents=True, exist_ok=True)
        rows = json.dumps([asdict(row) for row in samples.rows])
        np.savez(
            store,
            allow_pickle=False,
            described=samples.described.astype(np.float16),
            rows=np.array(rows),
            network=np.array(describe.network),
        )
    return samples


def _stored(store: Path, *, network: str) -> Samples | None:
    if not store.is_file():
        return None
    with np.load(store, allow_pickle=False) as archive:
        if "network" not in archive or str(archive["network"]) != network:
            return None
        rows = tuple(Sample(**row) for row in json.loads(str(archive["rows"])))
        return Samples(described=archive["described"].astype(np.float32), rows=rows)


_Task: TypeAlias = tuple[Sample, "Iterable[tuple[str, Pixels]]"]


def _gathered(tasks: Sequence[_Task], *, describe: Describe) -> Samples:
    progress = ProgressBar("Gate, images", total=len(tasks))
    described, rows = [], []
    for done, (sample, versions) in enumerate(tasks, start=1):
        try:
            for version, pixels in versions:
                found, unreadable = describe(pixels)
                described.append(found)
                fields = {**asdict(sample), "version": version, "unreadable": unreadable}
                rows.append(Sample(**fields))
        except DataError as error:  # images of other things are of any size
            if sample.brain:
                raise
            sys.stderr.write(f"Left out. {error}\n")
        progress(done)
    if not described:
        raise DataError("There is no image to fit the gate on.")
    return Samples(described=np.stack(described), rows=tuple(rows))


def _images(folders: Sequence[Path], *, drawn_each: int, seed: int) -> Iterator[_Task]:
    items = read_folders(folders, seed=seed)
    for folder in folders:
        if is_described(folder):
            for negative in read_negatives(folder):
                yield _negative(negative), _negative_versions(negative, seed=seed)
    drawn_from: list[Slice] = []
    for item in _evenly(items, seed=seed):
        sample, rng = _sample(item), _rng(item.slice.path, seed=seed)
        fitted = sample.split == "train"
        if not sample.brain:
            yield sample, _other_versions(item.slice.path, rng, fitted=fitted)
            continue
        yield sample, _brain_versions(item.slice, rng, fitted=fitted)
        level = item.slice.provenance.level
        across = item.slice.provenance.plane in ("axial", "coronal", UNKNOWN)
        if fitted and across and (level is None or level > _LOWEST_CT):
            drawn_from.append(item.slice)
    yield from _drawings(drawn_from, each=drawn_each, seed=seed)


def _evenly(items: Sequence[Labeled], *, seed: int) -> list[Labeled]:
    """So many slices of every stratum of `train`, `val` and `validate`."""
    strata: dict[tuple[str, str], list[Labeled]] = {}
    for item in items:
        if item.split in ("train", "val", VALIDATE):
            strata.setdefault((item.split, _stratum(item.slice)), []).append(item)
    rng = np.random.default_rng(seed)
    drawn: list[Labeled] = []
    for (split, _), found in sorted(strata.items()):
        order = [found[place] for place in rng.permutation(len(found))]
        if split in HELD_OUT_EACH:
            drawn += order[: HELD_OUT_EACH[split]]
        else:
            known = found[0].slice.provenance.sequence != UNKNOWN
            drawn += order[: EACH if known else EACH_UNKNOWN]
    return drawn


def _stratum(item: Slice) -> str:
    origin = item.provenance
    if _is_ct(item):
        return f"{item.source}/{HEAD_CT}"
    known = origin.sequence != UNKNOWN or origin.plane != UNKNOWN
    if known:
        return f"{item.source}/{origin.plane}/{origin.sequence}"
    return f"{item.source}/{item.kind}"


@cache
def _exceptions() -> Mapping[tuple[str, str], str]:
    return read_exceptions()


def _is_ct(item: Slice) -> bool:
    why = reason(item, _exceptions())
    return why is not None and "CT" in why


def _sample(item: Labeled) -> Sample:
    one = item.slice
    split: Split = (
        "train" if item.split == "train" else "val" if item.split == "val" else "validate"
    )
    return Sample(
        kind=HEAD_CT if _is_ct(one) else BRAIN,
        source=one.source,
        stratum=_stratum(one),
        split=split,
        use="weights" if split == "train" else "look",
        version="as is",
        disease=one.kind,
        stripped=one.provenance.stripped,
    )


def _negative(item: Negative) -> Sample:
    return Sample(
        kind=item.kind,
        source=item.source,
        stratum=item.part or item.source,
        split="train" if item.provenance.role == "train" else "validate",
        use=item.use,
        version="as is",
    )


def _brain_versions(
    item: Slice, rng: np.random.Generator, *, fitted: bool
) -> Iterator[tuple[str, Pixels]]:
    pixels = read_image(item.path)
    yield "as is", pixels
    if not fitted:
        return
    gray = to_gray(pixels)
    stripped = _STRIPPED.get(item.provenance.stripped)
    if rng.random() < 0.5:
        yield "clinic", change_as_clinics(gray, None, rng=rng, stripped=stripped)[0]
        return
    turned = _turned(gray, rng)
    if rng.random() < 0.5:
        yield "7 T", as_at_7_tesla(turned, rng)
    else:
        yield "export", change_some(turned, rng)


def _negative_versions(item: Negative, *, seed: int) -> Iterator[tuple[str, Pixels]]:
    fitted = item.provenance.role == "train"
    return _other_versions(item.path, _rng(item.path, seed=seed), fitted=fitted)


def _other_versions(
    path: Path, rng: np.random.Generator, *, fitted: bool
) -> Iterator[tuple[str, Pixels]]:
    pixels = read_image(path)
    yield "as is", pixels
    if fitted:
        turned = _turned(to_gray(pixels), rng)
        if rng.random() < 0.5:
            yield "turned", turned
        else:
            yield "export", change_some(turned, rng)


def _drawings(slices: Sequence[Slice], *, each: int, seed: int) -> Iterator[_Task]:
    for name, family in FITTED.items():
        drawn = draw({name: family}, each=each * _TIMES.get(name, 1), seed=seed)
        yield _drawing(name), (("as is", image) for _, image in drawn)
    order = np.random.default_rng(seed).permutation(len(slices))[:DRAWN_CTS]
    for place in order:
        item = slices[place]
        yield _drawing("head-ct"), _drawn_ct(item, _rng(item.path, seed=seed + 1))


def _drawn_ct(item: Slice, rng: np.random.Generator) -> Iterator[tuple[str, Pixels]]:
    yield "as is", head_ct(to_gray(read_image(item.path)), rng)


def _drawing(family: str) -> Sample:
    kind = f"{DRAWN}-{family}"
    return Sample(
        kind=kind, source=family, stratum=kind, split="train", use="weights", version="as is"
    )


def _turned(gray: Uint8Array, rng: np.random.Generator) -> Uint8Array:
    return turn(gray, int(rng.integers(4)), mirrored=bool(rng.integers(2)))


def _rng(path: Path, *, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(f"{path.parent.name}/{path.name}".encode())])
