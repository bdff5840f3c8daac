"""The lesions of the training slices, cut out once, to be set into slices without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.training.augmentation.lesion import Lesion, cut_lesion
from ml.training.data.cache import Cache

_SAME_SEQUENCE: Final = 0.5  # how often one of the host's own sequence is taken, where there is one


@dataclass(frozen=True, kw_only=True, slots=True)
class LesionBank:
    """Lesions by sequence.

    Attributes:
        lesions: all of them; `source` is the patient, or the cluster where none is known.
        by_sequence: sequence to places in `lesions`.
        outlines: rows of the cache's masks that are of the split `train`.
    """

    lesions: tuple[Lesion, ...]
    by_sequence: dict[str, tuple[int, ...]]
    outlines: tuple[int, ...] = ()

    @classmethod
    def of(cls, lesions: Sequence[Lesion], *, outlines: Sequence[int] = ()) -> LesionBank:
        """Sort lesions by sequence."""
        found: dict[str, list[int]] = {}
        for place, lesion in enumerate(lesions):
            found.setdefault(lesion.sequence, []).append(place)
        return cls(
            lesions=tuple(lesions),
            by_sequence={sequence: tuple(places) for sequence, places in found.items()},
            outlines=tuple(outlines),
        )

    def draw(self, *, sequence: str, source: str, rng: np.random.Generator) -> Lesion | None:
        """A lesion for a host, of another head; None where there is none.

        Args:
            sequence: of the host.
            source: the host's head.
            rng: the only source of chance.
        """
        if not self.lesions:
            return None
        own = self.by_sequence.get(sequence, ())
        if own and rng.random() < _SAME_SEQUENCE:
            lesion = self.lesions[own[int(rng.integers(len(own)))]]
        else:
            lesion = self.lesions[int(rng.integers(len(self.lesions)))]
        return None if lesion.source == source else lesion


def head_of(cache: Cache, index: int) -> str:
    """Whose head a slice shows, as far as is known: its patient, else its cluster."""
    item = cache.items[index].slice
    return item.provenance.patient or f"cluster {item.cluster}"


def outlines_of(cache: Cache) -> tuple[int, ...]:
    """Rows of the cache's masks that are of the split `train`, and of no other."""
    return tuple(
        cache.mask_row[index] for index in cache.indices("train") if cache.mask_row[index] >= 0
    )


def cut_lesions(cache: Cache) -> LesionBank:
    """Cut the lesions of the split `train`, and of no other.

    About 5 ms each. What is too small, too large or without surroundings is left out
    (`ml.training.augmentation.lesion.why_unfit`).
    """
    lesions = []
    for index in cache.indices("train"):
        mask = cache.mask(index)
        if cache.mask_row[index] < 0 or mask is None:
            continue
        lesion = cut_lesion(
            np.asarray(cache.images[index]),
            mask,
            source=head_of(cache, index),
            sequence=cache.items[index].slice.provenance.sequence,
        )
        if lesion is not None:
            lesions.append(lesion)
    return LesionBank.of(lesions, outlines=outlines_of(cache))
