"""The plots of a release, from what metrics.json says: the same on its page and in its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml.card.charts import Chart, Interval, Line, histogram_chart, interval_chart, line_chart
from ml.card.content import left_out, tested


def draw_charts(metrics: Mapping[str, Any]) -> tuple[Chart, ...]:
    """Every plot that the figures allow, most important first.

    Raises:
        KeyError, TypeError: this is not the content of a metrics.json.
    """
    elsewhere, own = left_out(metrics), tested(metrics)
    made: list[Chart | None] = []
    if elsewhere is not None:
        made += [_by_source(elsewhere, figure=one) for one in ("specificity", "sensitivity")]
    if own is not None:
        made += [
            _roc(own),
            _precision(own),
            _histogram(own),
            _reliability(own),
            _robustness(own, level="mild"),
            _robustness(own, level="strong"),
            _pointing(own),
            _regions(own),
        ]
    return tuple(chart for chart in made if chart is not None)


def _by_source(metrics: Mapping[str, Any], *, figure: str) -> Chart | None:
    """Sensitivity or specificity of each source, the lowest first."""
    rows = [row for row in metrics["strata"] if row["by"] == ["source"] and row[figure]]
    known = [one for row in rows if (one := _interval(row["names"][0], row[figure])) is not None]
    if not known:
        return None
    known.sort(key=lambda one: one.value)
    lowest = min(one.value if one.low is None else one.low for one in known)
    return interval_chart(
        name=f"left-out-{figure}",
        title=f"{figure.capitalize()} by source left out",
        text=f"The lowest is that of {known[0].name}: {known[0].value * 100:.1f} %.",
        rows=known,
        low=max(0.0, min(0.8, int(lowest * 10) / 10)),
    )


def _roc(metrics: Mapping[str, Any]) -> Chart | None:
    return _curve(
        metrics,
        curve="roc",
        name="roc",
        title="ROC curve",
        x_label="1 − specificity",
        y_label="sensitivity",
        diagonal=True,
    )


def _precision(metrics: Mapping[str, Any]) -> Chart | None:
    return _curve(
        metrics,
        curve="pr",
        name="precision-recall",
        title="Precision and recall",
        x_label="recall",
        y_label="precision",
    )


def _curve(metrics: Mapping[str, Any], *, curve: str, **drawn: Any) -> Chart | None:
    everyone, within = metrics["all"], metrics["within_source"]
    if not everyone[curve]:
        return None
    area = f"{curve}_auc"
    lines = [Line(name="all slices", points=_points(everyone[curve]))]
    text = f"The area under the curve is {_figure_text(everyone['figures'][area])} on all slices"
    if within[curve]:
        lines.append(Line(name="within one source", points=_points(within[curve])))
        text += f", and {_figure_text(within['figures'][area])} within one source"
    return line_chart(text=f"{text}.", lines=lines, **drawn)


def _histogram(metrics: Mapping[str, Any]) -> Chart | None:
    counts = metrics["histogram"]
    tumor, without = counts["tumor"], counts["no_tumor"]
    if not sum(tumor) or not sum(without):
        return None
    return histogram_chart(
        name="probabilities",
        title="Probabilities given",
        text=(
            "How the probabilities of tumor and no-tumor slices spread from 0 to 1; the height of "
            "a bar is the square root of its share."
        ),
        x_label="probability of a tumor",
        upper=Line(name="slices with a tumor", points=_bars(tumor)),
        lower=Line(name="slices without a tumor", points=_bars(without)),
    )


def _reliability(metrics: Mapping[str, Any]) -> Chart | None:
    calibration = metrics["calibration"]
    if not calibration:
        return None
    lines = [
        Line(
            name=name,
            points=[(row["promised"], row["true"]) for row in calibration[when]["bins"]],
            joined=False,
            intervals=[(row["low"], row["high"]) for row in calibration[when]["bins"]],
        )
        for name, when in (("after calibration", "after"), ("before", "before"))
    ]
    before, after = calibration["before"], calibration["after"]
    return line_chart(
        name="reliability",
        title="Reliability",
        text=(
            "How often a promised probability came true, in ten bins of equal width with Wilson's "
            "95 % intervals, which count slices, not groups of near-duplicates. In these bins the "
            f"expected calibration error is {before['ece_equal_width']:.3f} before calibration and "
            f"{after['ece_equal_width']:.3f} after it."
        ),
        x_label="probability given",
        y_label="share that had a tumor",
        lines=lines,
        diagonal=True,
    )


def _robustness(metrics: Mapping[str, Any], *, level: str) -> Chart | None:
    rows = [row for row in metrics["robustness"]["changes"] if row["level"] == level]
    intervals = [_interval(row["words"], row["stable"]) for row in rows]
    if level == "mild":
        intervals.append(
            _interval("every mild change together", metrics["robustness"]["every_mild"])
        )
    known = [one for one in intervals if one is not None]
    if not known:
        return None
    worst = min(known, key=lambda one: one.value)
    lowest = min(one.value if one.low is None else one.low for one in known)
    return interval_chart(
        name=f"robustness-{level}",
        title=f"Labels that stay under {level} changes",
        text=f"The fewest stay when the image is changed so: {worst.name}; "
        f"{worst.value * 100:.1f} %.",
        rows=known,
        low=max(0.0, min(0.8, int(lowest * 10) / 10)),
        guide=0.97 if level == "mild" else None,
    )


def _pointing(metrics: Mapping[str, Any]) -> Chart | None:
    rows = metrics["localization"]["heatmap"]
    known = [
        one
        for row in rows
        if (one := _interval(row["among"], row["pointing"], row["center_prior"])) is not None
    ]
    if not known:
        return None
    return interval_chart(
        name="pointing",
        title="Heatmap's peak on the lesion",
        text="Beside it, how often the middle of the image is so: "
        + "; ".join(
            f"{one.name} {one.value * 100:.0f} % against {(one.other or 0) * 100:.0f} %"
            for one in known
        )
        + ".",
        rows=known,
        legend=("heatmap", "middle of the image"),
    )


def _regions(metrics: Mapping[str, Any]) -> Chart | None:
    regions = metrics["localization"]["regions"]
    if not regions:
        return None
    known = [
        one
        for row in regions["outlined"]
        if (one := _interval(row["among"], row["pointing"], row["dice"])) is not None
    ]
    if not known:
        return None
    return interval_chart(
        name="regions",
        title="Suspected region on the lesion",
        text="Beside it, the mean Dice overlap with the outline: "
        + "; ".join(
            f"{one.name} {one.value * 100:.0f} %, Dice {one.other or 0:.2f}" for one in known
        )
        + ".",
        rows=known,
        legend=("on the lesion", "Dice"),
    )


def _interval(
    name: str, figure: Mapping[str, Any], other: Mapping[str, Any] | None = None
) -> Interval | None:
    if figure["value"] is None:
        return None
    return Interval(
        name=name,
        value=figure["value"],
        low=figure["low"],
        high=figure["high"],
        other=None if other is None else other["value"],
    )


def _bars(counts: Sequence[int]) -> list[tuple[float, float]]:
    total = sum(counts)
    return [((index + 0.5) / len(counts), n / total) for index, n in enumerate(counts)]


def _points(pairs: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in pairs]


def _figure_text(figure: Mapping[str, Any]) -> str:
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
