"""Sections on sources that were left out of training: the headline, strata, worst kinds, displays.

Everything is taken from the part `left_out` of metrics.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ml.card.parts import Section, Table, figure, table, written
from ml.card.words import BY, flattered, name_of, names_of, split_words, where

_REACHED: Final = {True: "yes", False: "no", None: "–"}
_SIGNS: Final = {">=": "at least", "<=": "at most"}
_FIGURES: Final = {
    "sensitivity": "tumors found",
    "specificity": "not called tumor",
    "heatmap": "Grad-CAM's peak on the lesion",
    "answered": "brain MRI that got an answer",
    "turned_away": "no brain MRI, turned away",
}
# Tables of strata, each a name of `BY`.
_TABLES: Final = ("source", "sequence", "level", "skull", "kind", "lesion")
_OWN_AUC: Final = 0.995  # of the collections that it was trained on
_SHARES: Final = ("sensitivity", "specificity", "certain")
UNKNOWN: Final = (
    "Sex, age, scanner and field strength of most heads are not known, so there are no figures by "
    "them."
)


def headline(found: Mapping[str, Any], *, own: Mapping[str, Any] | None = None) -> Section:
    """What the release is judged by, with what is aimed at.

    Args:
        found: the part `left_out` of a metrics.json.
        own: its part `test`, for the one row that is about it.
    """
    judged = [*found["table"], *_own_rows(own)]
    rows = table(
        ["Where", "Figure", "Aim", "Reached", "Slices", "Patients"],
        (
            [
                where(row),
                figure(row),
                "–" if row["aim"] is None else f"{_SIGNS[row['sign']]} {row['aim']:g}",
                _REACHED[row["reached"]],
                row["n"],
                "–" if row["patients"] is None else row["patients"],
            ]
            for row in judged
        ),
    )
    return Section(
        name="left-out",
        title="On these images" if found["split"] == "all" else "On sources left out of training",
        tables=(rows,),
        text=" ".join(part for part in (_rests_on(found), flattered(found), UNKNOWN) if part),
        charts=("left-out-specificity", "left-out-sensitivity"),
    )


def worst(found: Mapping[str, Any]) -> Section | None:
    """The kinds that it fails on most; None where no kind has enough slices."""
    if not found["worst"]:
        return None
    rows = table(
        ["Kind", "Share of", "Figure", "Slices"],
        (
            [
                names_of(row["by"], row["names"]),
                _FIGURES[row["figure"]],
                figure(row, percent=True),
                row["n"],
            ]
            for row in found["worst"]
        ),
        words=(1,),
    )
    return Section(
        name="worst",
        title="Where it fails most",
        tables=(rows,),
        text=(
            "The kinds with the lowest lower ends of an interval, among those of at least 20 "
            "slices of at least three patients; each stands for others that share more than half "
            "of its slices."
        ),
    )


def strata(found: Mapping[str, Any]) -> tuple[Section, ...]:
    """A section for each way of counting, and one on where it points."""
    sections = [_stratum(found, by=by) for by in _TABLES]
    sections.append(_pointing(found))
    return tuple(one for one in sections if one is not None)


def displays(found: Mapping[str, Any]) -> Section | None:
    """Sensitivity and specificity under changes of the display; None where not measured."""
    measured = found["displays"]
    if not measured:
        return None
    rows: list[tuple[str, Mapping[str, Any]]] = [("unchanged", measured["unchanged"])]
    rows += [(row["words"], row) for row in measured["changes"]]
    cells = table(
        ["Shown as", "Sensitivity", "Specificity", "Fall of these", "No opinion"],
        (
            [
                words,
                figure(row["sensitivity"], percent=True),
                figure(row["specificity"], percent=True),
                _fall(row),
                figure(row["abstained"], percent=True),
            ]
            for words, row in rows
        ),
    )
    return Section(
        name="displays",
        title="Other displays, windows and photographs",
        tables=(cells,),
        text=(
            f"On a fixed sample of {measured['slices']} of these slices, half of them with a tumor "
            "where there are as many. The fall is counted on slices with an answer both times."
        ),
    )


def exceptions(found: Mapping[str, Any]) -> Section | None:
    """Figures with and without files that are not what their folder says; None without any."""
    rows = [("All slices", found["all"])]
    rows += [
        (names_of(row["by"], row["names"]), row) for row in found["strata"] if len(row["by"]) == 1
    ]
    rows = [(name, row) for name, row in rows if "without_exceptions" in row]
    if not rows:
        return None
    names = {"sensitivity": "Sensitivity", "specificity": "Specificity", "auc": "AUC"}
    cells = table(
        ["Among", "Slices", *(f"{words}, with / without" for words in names.values())],
        (
            [
                name,
                f"{row['slices']} / {row['without_exceptions']['slices']}",
                *(
                    " / ".join(_plain(one[code]) for one in (row, row["without_exceptions"]))
                    for code in names
                ),
            ]
            for name, row in rows
        ),
    )
    return Section(
        name="exceptions",
        title="Without files that are not what their folder says",
        tables=(cells,),
        text=(
            "Head CTs and slices with a lesion among those without a tumor, found by eye, blind "
            "to any model (ml/training/data/exceptions.csv). All other figures count them as their "
            "folder does."
        ),
    )


def limits(found: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the weaknesses that were measured here, in sentences."""
    texts = []
    aimed = [row for row in found["table"] if row["aim"] is not None]
    missed = sum(row["reached"] is False for row in aimed)
    if missed:
        texts.append(
            f"On sources left out of training it misses {missed} of {len(aimed)} aims; the table "
            "of these says which."
        )
    if found["worst"]:
        parts = "; ".join(
            f"{names_of(row['by'], row['names'])}, {_FIGURES[row['figure']]} "
            f"{figure(row, percent=True)}"
            for row in found["worst"]
        )
        texts.append(f"It fails most on: {parts}.")
    for row in found["table"]:
        if row["code"] == "disease":
            texts.append(
                f"Of slices with {name_of('kind', row['name'])} and without a tumor it calls "
                f"{written(1.0 - row['value'], percent=True)} “tumor” ({row['n']} slices)."
            )
    texts.append(UNKNOWN)
    return texts


def _own_rows(own: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if own is None:
        return []
    auc = own["all"]["figures"]["roc_auc"]
    reached = None if auc["value"] is None else auc["value"] >= _OWN_AUC
    row = {"code": "own", "name": own["split"], "sign": ">=", "aim": _OWN_AUC}
    return [{**row, **auc, "patients": auc["clusters"], "reached": reached}]


def _stratum(found: Mapping[str, Any], *, by: str) -> Section | None:
    rows = [row for row in found["strata"] if row["by"] == [by]]
    if by == "lesion":
        rows += [row for row in found["strata"] if row["by"] == ["lesion", "sequence"]]
    if not rows:
        return None
    return Section(
        name=f"by-{by}",
        title=f"By {BY[by][0].lower()}{BY[by][1:]}",
        tables=(_lesions(rows) if by == "lesion" else _answers(rows, head=BY[by]),),
    )


def _answers(rows: Sequence[Mapping[str, Any]], *, head: str) -> Table:
    return table(
        [
            *(head, "No tumor / tumor", "Patients", "Sensitivity", "Specificity"),
            *("p ≥ 0.95 without tumor", "AUC", "AUC within scans", "Calibration error"),
            "No opinion",
        ],
        (
            [
                _short(row),
                f"{row['no_tumor']} / {row['tumor']}",
                row["patients"],
                *(figure(row[code], percent=True) for code in _SHARES),
                figure(row["auc"]),
                figure(row["within_scans"]),
                figure(row.get("ece")),
                figure(row["abstained"], percent=True),
            ]
            for row in rows
        ),
    )


def _lesions(rows: Sequence[Mapping[str, Any]]) -> Table:
    return table(
        ["Lesion", "Slices", "Patients", "Sensitivity", "Grad-CAM's peak on it", "Region on it"],
        (
            [
                names_of(row["by"], row["names"]),
                row["slices"],
                row["patients"],
                *(
                    figure(row.get(code), percent=True)
                    for code in ("sensitivity", "heatmap", "regions")
                ),
            ]
            for row in rows
        ),
    )


def _pointing(found: Mapping[str, Any]) -> Section | None:
    rows = [
        row
        for by in ("sequence", "source")
        for row in found["strata"]
        if row["by"] == [by] and row["heatmap"] is not None
    ]
    if not rows:
        return None
    cells = table(
        ["Among outlined tumors", "Slices", "Grad-CAM's peak on the lesion", "Best region on it"],
        (
            [
                names_of(row["by"], row["names"]),
                row["heatmap"]["n"],
                figure(row["heatmap"], percent=True),
                figure(row.get("regions"), percent=True),
            ]
            for row in rows
        ),
    )
    return Section(
        name="left-out-pointing",
        title="Where it points, on sources left out",
        tables=(cells,),
        text="On the lesion: inside the outline widened by 5 % of the image's width.",
    )


def _short(row: Mapping[str, Any]) -> str:
    """The name of a row whose table says already what it is counted under."""
    (by,), (name,) = row["by"], row["names"]
    return name if by == "source" else names_of(row["by"], row["names"])


def _rests_on(found: Mapping[str, Any]) -> str:
    data, drawn = found["data"], found["bootstrap"]
    part = "" if data["slices"] == data["of"] else f" (a sample of {data['of']})"
    return (
        f"{data['slices']} slices{part} of {data['patients']} patients or clusters in "
        f"{data['sources']} sources: {data['tumor']} with a tumor, of which {data['outlined']} "
        f"have an outline, and {data['no_tumor']} without; {split_words(found)}. Read on "
        f"{found['measured']} with the engine {found['engine']}. Intervals hold 95 % of "
        f"{drawn['resamples']} resamples that draw patients, not slices; those of images that are "
        f"no brain MRI are Wilson's and count images. Slices without an opinion "
        f"({data['slices'] - data['answered']}) are left out of all figures but their own. A scan "
        "counts in the AUC within scans by its pairs of a slice with and one without a tumor."
    )


def _fall(row: Mapping[str, Any]) -> str:
    if "specificity_fall" not in row:
        return "–"
    falls = (row["sensitivity_fall"]["value"], row["specificity_fall"]["value"])
    return " / ".join("–" if one is None else f"{one * 100:.1f} %" for one in falls)


def _plain(value: Mapping[str, Any] | None) -> str:
    return "–" if value is None else written(value["value"], percent=False)


def _joined(sections: Iterable[Section | None]) -> tuple[Section, ...]:
    """Those that are there."""
    return tuple(one for one in sections if one is not None)


def sections_of(
    found: Mapping[str, Any], *, own: Mapping[str, Any] | None = None
) -> tuple[Section, ...]:
    """All of them, in the order of reading; the arguments are those of `headline`."""
    return _joined(
        (headline(found, own=own), worst(found), *strata(found), displays(found), exceptions(found))
    )
