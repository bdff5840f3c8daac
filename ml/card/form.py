"""Sections on what a release is made of: the network's form, its gate, the rule of a series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.card.parts import Section, figure, table, written
from ml.card.words import name_of
from ml.release.releases import Release


def form(release: Release) -> Section:
    """The network's form: widths, what decides, what points."""
    channels = "the architecture's own"
    if release.widths is not None:
        channels = ", ".join("-".join(str(one) for one in block) for block in release.widths)
    rows: list[tuple[str, str]] = [
        ("Architecture", release.architecture),
        ("Channels of the convolutions, by block", channels),
        (
            "Input",
            f"one slice, {release.input_size} x {release.input_size} ({release.preprocessing})",
        ),
        ("Lesion decoder", "yes: suspected regions" if release.regions else "none"),
    ]
    evidence = getattr(release, "evidence", None)
    text = (
        "The probability is that of the classifier's logit, calibrated; the heatmap is Grad-CAM of "
        "that logit at the last convolution, in closed form."
    )
    if evidence is not None:
        rows.append(("Evidence of the decoder in the logit", f"weight {evidence.weight:.3f}"))
        text = (
            "The logit is that of the classifier plus the weight given times the decoder's "
            "evidence, the logarithm of the mean of exp(its map); so the classifier reads what "
            "the decoder outlines. The heatmap is the exact Grad-CAM of this sum at the last "
            "convolution."
        )
    return Section(
        name="form",
        title="The network's form",
        tables=(table(["Part", "What it is"], rows, words=(1,)),),
        text=text,
    )


def gate(metrics: Mapping[str, Any]) -> Section | None:
    """What the gate turned away when it was fitted, and now; None where neither is known."""
    tables = []
    away = (metrics.get("left_out") or {}).get("turned_away")
    if away:
        rows = [("all kinds", away["all"])]
        rows += [(name_of("other", kind["kind"]), kind) for kind in away["kinds"]]
        tables.append(
            table(
                ["No brain MRI, not used in the fit", "Images", "Turned away"],
                ([name, row["n"], figure(row["share"], percent=True)] for name, row in rows),
            )
        )
    fitted = metrics.get("gate")
    if fitted:
        tables += [
            table(
                [head, "Measured on", "Images", "Turned away"],
                (
                    [
                        name_of(by, str(row[key])),
                        str(row.get("split", "–")).replace("_", " "),
                        row["n"],
                        figure(_share(row), percent=True),
                    ]
                    for row in fitted.get(part, ())
                ),
            )
            for part, key, by, head in (
                ("kinds", "kind", "other", "No brain MRI, by kind"),
                ("brain", "source", "source", "Brain MRI, by source"),
            )
            if fitted.get(part)
        ]
    if not tables:
        return None
    return Section(name="gate", title="What it turns away", tables=tuple(tables))


def series(release: Release) -> Section | None:
    """The rule of a whole series and what it does on stacks; None where the release has none."""
    rule = getattr(release, "series", None)
    if rule is None:
        return None
    named = [("all", rule.operating), *sorted(rule.by_sequence.items())]
    rows = table(
        ["Sequence", "Stacks with / without tumor", "Sensitivity", "Specificity", "No opinion"],
        (
            [
                name,
                f"{one.tumor} / {one.no_tumor} ({one.patients} patients)",
                _with_ends(one.sensitivity, one.sensitivity_interval),
                _with_ends(one.specificity, one.specificity_interval),
                written(one.abstained, percent=True),
            ]
            for name, one in named
        ),
    )
    low, high = rule.spacing_mm
    return Section(
        name="series",
        title="A whole series",
        tables=(rows,),
        text=(
            f"The rule {rule.version} joins the evidence of neighboring slices; its threshold is "
            f"{rule.threshold:.3f}. It states an opinion on {', '.join(rule.planes)} series of "
            f"{', '.join(sorted(rule.intercepts))} with {low:g} to {high:g} mm from slice to slice "
            f"or finer, and none on others. Measured on {rule.operating.dataset}; intervals draw "
            "patients."
        ),
    )


def _share(row: Mapping[str, Any]) -> dict[str, Any]:
    """A share that is a number, or a count of `n`, as a figure."""
    value = row["turned_away"]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, int):
        value = value / row["n"]
    return {"value": value, "low": row.get("low"), "high": row.get("high")}


def _with_ends(value: float, ends: tuple[float, float]) -> str:
    return figure({"value": value, "low": ends[0], "high": ends[1]}, percent=True)
