"""Sections on engines, and on how the figures came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.card.parts import Section, figure, table, written
from ml.release.releases import Release


def classifier(release: Release) -> str:
    """In words how the classifier reads the lesion decoder; empty where it does not."""
    if release.evidence is None:
        return ""
    return (
        "The classifier also reads the lesion decoder: its logit is that of the dense layers plus "
        f"{release.evidence.weight:.3g} times the decoder's evidence, which is the logarithm of "
        "the mean of exp(decoder logit) over the decoder's map. Grad-CAM is the exact gradient of "
        "this whole logit at block5_conv3, the way through the decoder included."
    )


def engines(release: Release) -> Section | None:
    """How far each engine is from the reference; None where none was measured."""
    if not release.engines:
        return None
    rows = table(
        ["Engine", "Within 0.02", "Largest difference", "AUC loss", "Heatmaps", "Agrees"],
        (
            [
                engine.name,
                written(engine.within, percent=True),
                f"{engine.largest_difference:.4f}",
                f"{engine.auc_loss:.4f}",
                f"{engine.heatmap_correlation:.4f}",
                "yes" if engine.holds else "no",
            ]
            for engine in release.engines
        ),
    )
    first = release.engines[0]
    return Section(
        name="engines",
        title="Engines",
        tables=(rows,),
        text=(
            f"Against the reference engine, on {first.dataset} ({first.n} images): the share of "
            "probabilities within 0.02 of it, and the median correlation of the heatmaps. An "
            "engine that does not agree is not chosen by itself."
        ),
    )


def own_collections(metrics: Mapping[str, Any]) -> Section:
    """What the sections after it are about, where those before it are about other sources."""
    data = metrics["data"]
    auc = figure(metrics["all"]["figures"]["roc_auc"])
    return Section(
        name="own-collections",
        title="On the collections that it was trained on",
        text=(
            f"The sections that follow are about the {metrics['split']} split: {data['slices']} "
            f"slices of the same collections as the training slices. Its ROC AUC is {auc}. They "
            "tell little of another clinic."
        ),
    )


def method(metrics: Mapping[str, Any]) -> Section:
    """On what the figures were measured, and how their intervals were drawn."""
    data, drawn = metrics["data"], metrics["bootstrap"]
    return Section(
        name="method",
        title="How the figures were made",
        text=(
            f"Measured on {metrics['measured']} with the engine {metrics['engine']} on "
            f"{data['slices']} slices of the {metrics['split']} split in {data['clusters']} groups "
            f"of near-duplicates: {data['tumor']} with a tumor, of which {data['outlined']} have "
            f"an outline, and {data['no_tumor']} without. Intervals hold 95 % of "
            f"{drawn['resamples']} bootstrap resamples that draw whole groups of near-duplicates, "
            "not slices; where every resample gives the same figure they are Wilson's or "
            "Newcombe's, for the number of groups. The intervals of the reliability diagram's "
            "bins, which count slices, and of the drawings of other things, which count drawings "
            "and not their kinds, are Wilson's. Slices without an opinion "
            f"({data['slices'] - data['answered']}) are left out of all figures but their own."
        ),
    )
