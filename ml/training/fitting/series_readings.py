"""What a network says of whole stacks: as they are, with the tumor erased, and with one planted.

In a collection of stacks the source alone may tell the label: all tumors of one, all healthy heads
of others. An erased tumor stack and a healthy one with a lesion planted give each source the label
that it lacks.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from ml.cli.progress import ProgressBar
from ml.imaging.pixels import Uint8Array
from ml.predictor import Predictor
from ml.release.decisive import decisive
from ml.series import SliceEvidence
from ml.training.augmentation.lesion import Lesion, cut_lesion
from ml.training.augmentation.stacks import erase, plant_through
from ml.training.data.stacks import Stack, read_stack

Variant: TypeAlias = Literal["as it is", "erased", "planted"]

FORMAT: Final = 1  # of what is stored
PLANTED_EACH: Final = 2  # of a stack without a tumor
_BATCH: Final = 8
_TRIES: Final = 6  # lesions to plant, one after the other, until one finds a place


@dataclass(frozen=True, kw_only=True, slots=True)
class StackReading:
    """The evidence of a stack's slices, in order.

    Attributes:
        stack: where it is from; its `tumor` is of the stack as it is.
        variant: what was done to it.
        tumor: whether it shows one now.
        evidence: one for each slice.
        through: how many slices show the lesion.
        slice_cut: the logit, calibrated as the evidence's are, from which on the release calls a
            slice a tumor.
        lesion_of: the patient whose lesion was planted; empty where none was.
    """

    stack: Stack
    variant: Variant
    tumor: bool
    evidence: tuple[SliceEvidence, ...]
    through: int
    slice_cut: float
    lesion_of: str = ""


class StackReader:
    """Reads stacks with a release and keeps what it said.

    Args:
        predictor: loaded with `evidence=True`.
        lesions: to plant, by sequence.
        store: folder for what was read; releases may share it.
    """

    def __init__(
        self, *, predictor: Predictor, lesions: Mapping[str, Sequence[Lesion]], store: Path
    ) -> None:
        self._predictor, self._lesions = predictor, lesions
        self._folder = store / _key(predictor)

    def read(self, stacks: Sequence[Stack]) -> list[StackReading]:
        """Read stacks in all their variants.

        Raises:
            DataError: an image cannot be read.
            OSError: the store cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        progress = ProgressBar("Stacks", total=len(stacks))
        readings = []
        for number, stack in enumerate(stacks, start=1):
            readings += self._variants(stack)
            progress(number, stack.name)
        return readings

    def _variants(self, stack: Stack) -> list[StackReading]:
        release = self._predictor.release
        calibration = release.calibration
        images, masks = read_stack(stack)
        as_it_is = self._evidence(f"{stack.name}", dict(enumerate(images)))
        plain = StackReading(
            stack=stack,
            variant="as it is",
            tumor=stack.tumor,
            evidence=tuple(as_it_is[place] for place in range(len(images))),
            through=sum(bool(mask.any()) for mask in masks),
            slice_cut=calibration.slope * calibration.logit(release.threshold)
            + calibration.intercept,
        )
        if stack.tumor:
            if plain.through < sum(item.tumor for item in stack.slices):
                return [plain]  # a lesion without an outline stays
            erased = erase(images, masks, seed=_seed(stack.name))
            return [plain, self._changed(plain, erased, variant="erased")]
        return [plain, *self._planted(plain, images)]

    def _planted(self, plain: StackReading, images: Sequence[Uint8Array]) -> list[StackReading]:
        stack, found = plain.stack, []
        lesions = self._lesions.get(stack.sequence, ())
        for number in range(PLANTED_EACH if lesions else 0):
            rng = np.random.default_rng(_seed(f"{stack.name} {number}"))
            for _ in range(_TRIES):
                lesion = lesions[int(rng.integers(len(lesions)))]
                planted = plant_through(
                    images,
                    lesion,
                    spacing_mm=stack.spacing_mm,
                    sequence=stack.sequence,
                    stripped=stack.stripped,
                    seed=int(rng.integers(2**31)),
                )
                if planted is not None:
                    changed = planted.images
                    one = self._changed(plain, changed, variant="planted", number=number)
                    found.append(replace(one, lesion_of=lesion.source))
                    break
        return found

    def _changed(
        self,
        plain: StackReading,
        images: Mapping[int, Uint8Array],
        *,
        variant: Variant,
        number: int = 0,
    ) -> StackReading:
        read = self._evidence(f"{plain.stack.name}.{variant}.{number}", images)
        evidence = [read.get(place, one) for place, one in enumerate(plain.evidence)]
        return replace(
            plain,
            variant=variant,
            tumor=variant == "planted",
            evidence=tuple(evidence),
            through=len(images),
        )

    def _evidence(self, name: str, images: Mapping[int, Uint8Array]) -> dict[int, SliceEvidence]:
        """What the release says of some slices, by place; from the store where they were read."""
        digest = hashlib.sha256()
        for place, image in sorted(images.items()):
            digest.update(f"{place} {image.shape}".encode())
            digest.update(image.tobytes())
        path = self._folder / f"{name}.json"
        kept = _stored(path, images=digest.hexdigest())
        if kept is None:
            kept = [one.to_json() for one in self._predict([images[at] for at in sorted(images)])]
            value = {"format": FORMAT, "images": digest.hexdigest(), "evidence": kept}
            unfinished = path.with_suffix(".unfinished")
            unfinished.write_text(json.dumps(value), encoding="utf-8")
            unfinished.replace(path)
        return {
            place: SliceEvidence.from_json(one)
            for place, one in zip(sorted(images), kept, strict=True)
        }

    def _predict(self, images: Sequence[Uint8Array]) -> list[SliceEvidence]:
        found = []
        for first in range(0, len(images), _BATCH):
            for result in self._predictor.predict_many(images[first : first + _BATCH]):
                assert result.evidence is not None  # the predictor was loaded so
                found.append(result.evidence)
        return found


def lesions_to_plant(stacks: Sequence[Stack]) -> dict[str, list[Lesion]]:
    """Every lesion of the stacks' slices that can be cut out, by sequence.

    Raises:
        DataError: an image cannot be read.
    """
    found: dict[str, list[Lesion]] = {}
    for stack in stacks:
        if stack.tumor:
            images, masks = read_stack(stack)
            for image, mask in zip(images, masks, strict=True):
                lesion = cut_lesion(image, mask, source=stack.patient, sequence=stack.sequence)
                if lesion is not None:
                    found.setdefault(stack.sequence, []).append(lesion)
    return found


def _stored(path: Path, *, images: str) -> list[dict[str, Any]] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if value.get("format") != FORMAT or value.get("images") != images:
        return None
    evidence: list[dict[str, Any]] = value["evidence"]
    return evidence


def _key(predictor: Predictor) -> str:
    """Of all that the evidence of a slice depends on, but for the slice; no threshold is in it."""
    release = {k: v for k, v in decisive(predictor.release).items() if k != "threshold"}
    facts = {"release": release, "engine": predictor.engine}
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _seed(text: str) -> int:
    return zlib.crc32(text.encode())
