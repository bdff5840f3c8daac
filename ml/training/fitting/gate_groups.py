"""Which descriptions make a group, and how much each group counts in the gate's fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.imaging.pixels import Float32Array
from ml.training.fitting.gate_samples import DRAWN, Sample


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group's descriptions, its share of all weight (1 in sum), and whether it is brain."""

    rows: Float32Array
    share: float
    brain: bool


def group_of(row: Sample) -> str:
    """The name of a sample's group."""
    return row.stratum if row.brain else f"{row.kind}/{row.stratum}"


def groups_of(
    samples: Sequence[Sample],
    described: Float32Array,
    *,
    chosen: Sequence[int],
    evenness: float,
    real: float,
) -> list[Group]:
    """The groups of the chosen samples; brain slices and other things weigh the same together.

    Args:
        samples: the origin of each row of `described`.
        chosen: places to group, all of the split "train".
        evenness: a group's weight grows with its number to this power.
        real: weight of a real image of other things over a drawing.

    Raises:
        ValueError: an image was chosen that may only be looked at, or one side is empty.
    """
    places: dict[tuple[bool, str], list[int]] = {}
    for place in chosen:
        row = samples[place]
        if row.use == "look" or row.split != "train":
            raise ValueError(f"An image of {row.source} may only be looked at.")
        places.setdefault((row.brain, group_of(row)), []).append(place)
    weights = {
        key: len(found) ** evenness * (1.0 if key[0] or key[1].startswith(DRAWN) else real)
        for key, found in places.items()
    }
    sums = {
        side: sum(weight for key, weight in weights.items() if key[0] == side)
        for side in (True, False)
    }
    if not all(sums.values()):
        raise ValueError("The gate is fitted on brain slices and on other things; one is missing.")
    return [
        Group(rows=described[found], share=weights[key] / sums[key[0]] / 2.0, brain=key[0])
        for key, found in sorted(places.items())
    ]
