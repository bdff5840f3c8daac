"""Sections on where the release points: heatmap, suspected regions, deletion test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.card.parts import Section, figure, table


def heatmap(metrics: Mapping[str, Any]) -> Section | None:
    """How often the heatmap points at the lesion; None where no slice has an outline."""
    found = metrics["localization"]
    if not found["heatmap"]:
        return None
    rows = table(
        ["Among", "Slices", "Peak on the lesion", "Middle of the image", "Energy inside", "Area"],
        (
            [
                row["among"],
                row["n"],
                figure(row["pointing"], percent=True),
                figure(row["center_prior"], percent=True),
                figure(row["energy"], percent=True),
                figure({"value": row["area"]["value"]}, percent=True),
            ]
            for row in found["heatmap"]
        ),
    )
    sizes = found["sizes"]
    return Section(
        name="heatmap",
        title="Where the heatmap points",
        tables=(rows,),
        text=(
            f"On the lesion: inside the outline widened by {found['near'] * 100:.0f} % of the "
            "image's width. Energy: share of the heatmap's sum inside the outline; area: share of "
            "the image there, which a heatmap that is the same everywhere would score. Lesions are "
            f"medium from {sizes['medium'] * 100:.1f} % and large from "
            f"{sizes['large'] * 100:.1f} % of the image's area on."
        ),
        charts=("pointing",),
    )


def regions(metrics: Mapping[str, Any]) -> Section | None:
    """How often a suspected region lies on the lesion; None where the release gives none."""
    found = metrics["localization"]["regions"]
    if not found:
        return None
    rows = table(
        ["Among", "Slices", "Best region on the lesion", "Dice", "Missed"],
        (
            [
                row["among"],
                row["n"],
                figure(row["pointing"], percent=True),
                figure(row["dice"]),
                figure(row["missed"], percent=True),
            ]
            for row in found["outlined"]
        ),
    )
    without = found["no_tumor"]
    return Section(
        name="regions",
        title="Suspected regions",
        tables=(rows,),
        text=(
            "Missed: no region meets the outline. Of the slices without a tumor "
            f"{figure(without['with_a_region'], percent=True)} have a region; of those that were "
            f"called so, {figure(without['with_a_region_if_called_no_tumor'], percent=True)}."
        ),
        charts=("regions",),
    )


def deletion(metrics: Mapping[str, Any]) -> Section | None:
    """What removing the hottest region does to the probability; None where nothing was removed."""
    found = metrics["deletion"]
    if not found["hot_falls_further"]["n"]:
        return None
    rows = table(
        ["Removed", "Median fall of the probability", "Median fall of the logit"],
        (
            [
                words,
                figure(found[f"probability_fall_{which}"]),
                figure(found[f"logit_fall_{which}"]),
            ]
            for which, words in (
                ("hot", "The hottest tenth of the head"),
                ("other", "Another region of that shape"),
            )
        ),
    )
    return Section(
        name="deletion",
        title="When the hottest region is removed",
        tables=(rows,),
        text=(
            "On slices called tumor; what is removed is painted over with what surrounds it. "
            "Removing the hot region makes the probability fall further on "
            f"{figure(found['hot_falls_further'], percent=True)} of "
            f"{found['hot_falls_further']['n']} slices."
        ),
    )
