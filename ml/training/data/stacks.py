"""Whole stacks of slices of a data folder, in order: what the rule of a series is fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ml.imaging.pixels import Uint8Array, to_gray
from ml.training.data.lesions import lesion_mask
from ml.training.data.manifest import DataError, Slice, read_image

_MOST_UNEVEN = 0.1  # of the spacing: positions are given in tenths of a millimeter


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """One scan of one head.

    Attributes:
        name: as its folder calls it.
        source, patient, sequence, plane: of all of its slices.
        stripped: whether the skull was removed.
        spacing_mm: from slice to slice.
        tumor: whether any of its slices shows one.
        slices: in order along the axis.
    """

    name: str
    source: str
    patient: str
    sequence: str
    plane: str
    stripped: bool
    spacing_mm: float
    tumor: bool
    slices: tuple[Slice, ...]


def stacks_of(slices: Iterable[Slice]) -> list[Stack]:
    """The stacks among some slices, by name.

    Args:
        slices: as `ml.training.data.folders` reads them; those that are of no stack are passed
            over.

    Raises:
        DataError: a stack's slices are of two heads or sequences, lie unevenly, or one is missing.
    """
    grouped: dict[tuple[str, str], list[Slice]] = {}
    for item in slices:
        if item.provenance.stack:
            key = (item.provenance.folder, item.provenance.stack)
            grouped.setdefault(key, []).append(item)
    return [_stack(name, found) for (_, name), found in sorted(grouped.items())]


def read_stack(stack: Stack) -> tuple[list[Uint8Array], list[Uint8Array]]:
    """A stack's images, gray, and where the lesion is in each (uint8, 1 in the lesion).

    Raises:
        DataError: an image cannot be read.
    """
    images = [to_gray(read_image(item.path)) for item in stack.slices]
    masks = [
        lesion_mask(item.outlines, height=image.shape[0], width=image.shape[1]).astype(np.uint8)
        for item, image in zip(stack.slices, images, strict=True)
    ]
    return images, masks


def _stack(name: str, slices: list[Slice]) -> Stack:
    ordered = sorted(slices, key=lambda item: item.provenance.index or 0)
    first = ordered[0].provenance
    facts = {
        (one.source, one.provenance.patient, one.provenance.sequence, one.provenance.plane)
        for one in ordered
    }
    if len(facts) > 1:
        raise DataError(f"The slices of the stack {name} are of several heads or sequences.")
    if [one.provenance.index for one in ordered] != list(range(len(ordered))):
        raise DataError(f"The stack {name} lacks a slice, or has one twice.")
    positions = [one.provenance.position_mm for one in ordered]
    known = [position for position in positions if position is not None]
    apart = np.abs(np.diff(known))
    if len(known) < max(2, len(ordered)) or np.ptp(apart) > _MOST_UNEVEN * float(apart.mean()):
        raise DataError(f"The slices of the stack {name} do not lie evenly on their axis.")
    return Stack(
        name=name,
        source=ordered[0].source,
        patient=first.patient,
        sequence=first.sequence,
        plane=first.plane,
        stripped=first.stripped == "yes",
        spacing_mm=round(float(apart.mean()), 2),
        tumor=any(one.tumor for one in ordered),
        slices=tuple(ordered),
    )
