"""The table that a release is judged by: each figure with what it is to reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ml.training.evaluation.left_out.failures import LEAST, Stratum
from ml.training.evaluation.left_out.strata import (
    DISEASES,
    HEALTHY,
    NO_TUMOR,
    SIZES,
    TUMOR_HEAD,
)

Sign = Literal[">=", "<="]
_SEQUENCES: Final = ("FLAIR", "T1c", "T1", "T2")
_WITHIN: Final = {"FLAIR": 0.94, "T1c": 0.85, "T1": 0.75}
_POINTING: Final = {"FLAIR": 0.94, "T1c": 0.85, "T1": 0.75}
_SENSITIVITY: Final = {"FLAIR": 0.90, "T1c": 0.97, "T2": 0.90}


@dataclass(frozen=True, kw_only=True, slots=True)
class Aim:
    """A figure to reach; `aim` None for one that is shown without.

    Attributes:
        code: a stable name, unique in the table with `name`.
        name: of which of several, for example the sequence; may be empty.
        figure: from metrics.json: `value`, `low`, `high`, `n`.
    """

    code: str
    name: str
    figure: Mapping[str, Any]
    sign: Sign
    aim: float | None


def table(
    strata: Sequence[Stratum],
    *,
    overall: Mapping[str, Any],
    displays: Mapping[str, Any] | None,
    others: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """The rows in the order of reading; those for which there is nothing are left out.

    Args:
        strata: all of them.
        overall: the figures of all slices.
        displays: as `displays.displays` gives them.
        others: as `turned_away.turned_away` gives them.
    """
    found = _Found(strata)
    rows = [
        *_within(found),
        *_healthy(found),
        *_tumors(found),
        *_diseases(found),
        *_others(others),
        *_refused(found, overall),
        *_pointing(found),
        Aim(code="ece", name="", figure=overall.get("ece") or {}, sign="<=", aim=0.06),
        *_displays(displays),
    ]
    return [_row(one) for one in rows if one.figure.get("value") is not None]


class _Found:
    """The strata by their names."""

    def __init__(self, strata: Sequence[Stratum]) -> None:
        self._strata = {(one.by, one.names): one.figures for one in strata}

    def figure(self, name: str, **names: str) -> Mapping[str, Any]:
        """A figure of one stratum; {} where there is none."""
        key = (tuple(names), tuple(names.values()))
        return self._strata.get(key, {}).get(name) or {}

    def lowest(self, name: str, *, by: tuple[str, ...], kind: str) -> tuple[str, Mapping[str, Any]]:
        """The lowest figure among the strata of a kind that rest on enough slices, and of which."""
        rows = [
            (names[1], figures[name])
            for (strata_by, names), figures in self._strata.items()
            if strata_by == by
            and names[0] == kind
            and figures[name] is not None
            and figures[name]["n"] >= LEAST
            and names[1] != "unknown"
        ]
        return min(rows, key=lambda row: row[1]["value"], default=("", {}))

    def names(self, by: str) -> list[str]:
        """Every name under which slices are counted."""
        return [names[0] for strata_by, names in self._strata if strata_by == (by,)]


def _within(found: _Found) -> Iterator[Aim]:
    for sequence in _SEQUENCES:
        figure = found.figure("within_scans", sequence=sequence)
        yield Aim(
            code="within_scans",
            name=sequence,
            figure=figure,
            sign=">=",
            aim=_WITHIN.get(sequence),
        )


def _healthy(found: _Found) -> Iterator[Aim]:
    specificity = found.figure("specificity", kind=HEALTHY)
    yield Aim(code="healthy", name="", figure=specificity, sign=">=", aim=0.96)
    for code, by in (("healthy_level", "level"), ("healthy_sequence", "sequence")):
        name, figure = found.lowest("specificity", by=("kind", by), kind=HEALTHY)
        yield Aim(code=code, name=name, figure=figure, sign=">=", aim=0.90)
    certain = found.figure("certain", kind=HEALTHY)
    yield Aim(code="healthy_certain", name="", figure=certain, sign="<=", aim=0.003)
    for kind in (NO_TUMOR, TUMOR_HEAD):
        figure = found.figure("specificity", kind=kind)
        yield Aim(code="specificity", name=kind, figure=figure, sign=">=", aim=None)


def _tumors(found: _Found) -> Iterator[Aim]:
    known = [name for name in found.names("sequence") if name not in _SEQUENCES]
    for sequence in (*_SEQUENCES, *known):
        figure = found.figure("sensitivity", sequence=sequence)
        aim = _SENSITIVITY.get(sequence)
        yield Aim(code="sensitivity", name=sequence, figure=figure, sign=">=", aim=aim)
    small = SIZES[0][0]
    figure = {
        sequence: found.figure("sensitivity", lesion=small, sequence=sequence)
        for sequence in ("FLAIR", "unknown")
    }
    yield Aim(code="small", name="FLAIR", figure=figure["FLAIR"], sign=">=", aim=0.65)
    yield Aim(code="small", name="unknown", figure=figure["unknown"], sign=">=", aim=None)


def _diseases(found: _Found) -> Iterator[Aim]:
    for kind in DISEASES:
        figure = found.figure("specificity", kind=kind)
        yield Aim(code="disease", name=kind, figure=figure, sign=">=", aim=0.85)


def _others(others: Mapping[str, Any] | None) -> Iterator[Aim]:
    for kind in (others or {}).get("kinds", ()):
        figure = {**kind["share"], "n": kind["n"]}
        yield Aim(code="turned_away", name=kind["kind"], figure=figure, sign=">=", aim=0.97)
    if others:
        figure = {**others["all"]["share"], "n": others["all"]["n"]}
        yield Aim(code="turned_away", name="all", figure=figure, sign=">=", aim=0.98)


def _refused(found: _Found, overall: Mapping[str, Any]) -> Iterator[Aim]:
    yield Aim(
        code="refused", name="all", figure=overall.get("abstained") or {}, sign="<=", aim=0.02
    )
    for skull in ("removed", "there"):
        figure = found.figure("abstained", skull=skull)
        yield Aim(code="refused", name=skull, figure=figure, sign="<=", aim=0.02)
    sources = {name: found.figure("abstained", source=name) for name in found.names("source")}
    name = max(
        (one for one, figure in sources.items() if figure.get("n", 0) >= LEAST),
        key=lambda one: float(sources[one]["value"]),
        default="",
    )
    yield Aim(code="refused_source", name=name, figure=sources.get(name, {}), sign="<=", aim=0.02)


def _pointing(found: _Found) -> Iterator[Aim]:
    known = [name for name in found.names("sequence") if name not in _SEQUENCES]
    for sequence in (*_SEQUENCES, *known):
        figure = found.figure("heatmap", sequence=sequence)
        aim = _POINTING.get(sequence)
        yield Aim(code="pointing", name=sequence, figure=figure, sign=">=", aim=aim)


def _displays(displays: Mapping[str, Any] | None) -> Iterator[Aim]:
    for name in ("specificity_fall", "sensitivity_fall"):
        row = _furthest(name, displays)
        yield Aim(
            code=name,
            name=row.get("change", ""),
            figure=row.get(name, {}),
            sign="<=",
            aim=0.05,
        )


def _furthest(name: str, displays: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The change of the display under which a figure fell furthest; {} where there is none."""
    rows: list[Mapping[str, Any]] = [
        row for row in (displays or {}).get("changes", ()) if row[name]["value"] is not None
    ]
    return max(rows, key=lambda row: float(row[name]["value"]), default={})


def _row(one: Aim) -> dict[str, Any]:
    value = one.figure["value"]
    reached: bool | None = None
    if one.aim is not None:
        reached = value >= one.aim if one.sign == ">=" else value <= one.aim
    return {
        "code": one.code,
        "name": one.name,
        "sign": one.sign,
        "aim": one.aim,
        **{key: one.figure.get(key) for key in ("value", "low", "high", "n")},
        "patients": one.figure.get("clusters"),
        "reached": reached,
    }
