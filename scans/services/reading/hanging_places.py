"""The places of a hanging protocol by series: what each asks for, and whether a study has it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scans.models import HangingProtocol
from scans.models.acquisition import Plane
from scans.models.acquisition import Sequence as PulseSequence
from scans.models.hanging_protocol import Layout, PlaceOf

MOST_PLACES: Final = 4
_KEYS: Final = {"study", "sequence", "plane"}


def _place(sequence: str, *, study: str = PlaceOf.CURRENT) -> dict[str, str]:
    return {"study": str(study), "sequence": str(sequence), "plane": ""}


# Where nothing that a clinic or a reader saved fits: the first of these that does.
BUILT_IN: Final = tuple(
    HangingProtocol(name=name, layout=Layout.BY_SERIES, places=places)
    for name, places in (
        (
            "T1 with contrast, FLAIR and the newest prior",
            [
                _place(PulseSequence.T1_CONTRAST),
                _place(PulseSequence.FLAIR),
                _place(PulseSequence.T1_CONTRAST, study=PlaceOf.PRIOR),
            ],
        ),
        (
            "T1 with contrast beside FLAIR",
            [_place(PulseSequence.T1_CONTRAST), _place(PulseSequence.FLAIR)],
        ),
        (
            "FLAIR beside diffusion",
            [_place(PulseSequence.FLAIR), _place(PulseSequence.DIFFUSION)],
        ),
    )
)


def wrong_places(layout: str, places: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with the places of a layout, as a sentence; "" where nothing is."""
    if layout != Layout.BY_SERIES:
        return "Only the layout by sequence and plane has places." if places else ""
    if not 1 <= len(places) <= MOST_PLACES:
        return f"Choose the series of one to {MOST_PLACES} viewports."
    for one in places:
        if set(one) != _KEYS or one["study"] not in PlaceOf.values:
            return "Name the study, the sequence and the plane of each viewport."
        if one["sequence"] not in ("", *PulseSequence.values):
            return "Choose a sequence from the list, or any."
        if one["plane"] not in ("", *Plane.values):
            return "Choose axial, coronal or sagittal, or any plane."
    if places[0]["study"] != PlaceOf.CURRENT:
        return "The first viewport shows a series of this study."
    return ""


def can_be_filled(
    places: Sequence[Mapping[str, str]], *, series: Sequence[Mapping[str, Any]], priors: int
) -> bool:
    """Whether a study has a series for each place of its own, and a prior where one is asked for.

    `series` is what is known of each series, as `acquisition_in_force` gives it. The viewer fills
    them in the same order (viewer/src/tools/hanging.ts).
    """
    free = list(series)
    for place in places:
        if place["study"] == PlaceOf.PRIOR:
            if not priors:
                return False
            continue
        found = next((one for one in free if _fits(place, one)), None)
        if found is None:
            return False
        free.remove(found)
    return True


def _fits(place: Mapping[str, str], known: Mapping[str, Any]) -> bool:
    return all(place[name] in ("", known.get(name)) for name in ("sequence", "plane"))
