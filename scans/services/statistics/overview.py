"""Statistics of a clinic: the AI against final verdicts, and how well readers agree.

The truth is that of `scans.services.statistics.ground_truth`; "unsure" is counted and left out of
every rate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.policy import Action, has_perm, require
from scans.models import ModelRelease, Verdict
from scans.models.analysis import Label
from scans.models.assessment import Finding, ReadAs, VerdictStatus
from scans.models.reading import ReadersRequired, ReadStage
from scans.services.statistics.agreement import Kappa, Share, cohen_kappa, wilson
from scans.services.statistics.drift import Inflow, Month, input_by_month
from scans.services.statistics.ground_truth import OPINIONS, GroundTruthStudy, ground_truth_studies

BINS = 10  # of the calibration: tenths of the shown probability


@dataclass(frozen=True)
class DiagnosticAccuracy:
    """Counts and rates of the AI results of some studies, against their final verdicts."""

    studies: int
    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int
    unsure: int
    no_opinion: int

    @property
    def sensitivity(self) -> Share:
        """The share of the tumors that the AI found."""
        return wilson(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Share:
        """The share of the studies without a tumor in which the AI found none."""
        return wilson(self.true_negative, self.true_negative + self.false_positive)


@dataclass(frozen=True)
class CalibrationBin:
    """The studies whose shown probability lies in one tenth."""

    low: float
    high: float
    mean: float | None
    tumors: Share


@dataclass(frozen=True)
class PairAgreement:
    """The agreement of two readers, or of a reader and the AI."""

    first: str
    second: str
    kappa: Kappa


@dataclass(frozen=True)
class ClinicStatistics:
    """All that the statistics page shows."""

    sources: Sequence[str]  # media types to filter by
    months: Sequence[str]
    overall: DiagnosticAccuracy
    by_release: Mapping[str, DiagnosticAccuracy]
    by_source: Mapping[str, DiagnosticAccuracy]
    by_month: Mapping[str, DiagnosticAccuracy]
    calibration: Sequence[CalibrationBin]
    disagreements: Sequence[GroundTruthStudy]
    reader_pairs: Sequence[PairAgreement]
    reader_ai: Sequence[PairAgreement]
    changed_after_ai: Share
    inflow: Inflow
    input_by_month: Sequence[Month]


def clinic_statistics(
    *, user: User, release: ModelRelease | None = None, source: str = "", month: str = ""
) -> ClinicStatistics:
    """Return the statistics of the person's clinic, of one release, source or month if given.

    `month` is that of signing. `sources` and `months` list all there are, whatever the filter. How
    well two people agree is shown to these two, and to people who manage people.

    Raises `NotAllowedError`.
    """
    require(user, Action.VIEW_STATISTICS)
    everything = ground_truth_studies(user, release=release)
    rows = [
        row
        for row in everything
        if (not source or row.source == source) and (not month or row.month == month)
    ]
    disagreements = sorted(
        (row for row in rows if row.is_comparable and not row.agrees),
        key=lambda row: row.signed,
        reverse=True,
    )
    shows_everyone = has_perm(user, Action.MANAGE_PEOPLE)
    studies = {row.study for row in rows}
    is_part = release is not None or bool(source or month)
    inflow, months = input_by_month(user, release=release)
    return ClinicStatistics(
        sources=sorted({row.source for row in everything} - {""}),
        months=sorted({row.month for row in everything}),
        overall=diagnostic_accuracy(rows),
        by_release=_grouped(rows, lambda row: row.release or "No result"),
        by_source=_grouped(rows, lambda row: row.source),
        by_month=_grouped(rows, lambda row: row.month),
        calibration=calibration(rows),
        disagreements=disagreements,
        reader_pairs=_reader_pairs(
            user, studies if is_part else None, shows_everyone=shows_everyone
        ),
        reader_ai=_reader_ai(user, rows, shows_everyone=shows_everyone),
        changed_after_ai=_changed_after_ai(user, studies),
        inflow=inflow,
        input_by_month=months,
    )


def diagnostic_accuracy(studies: Iterable[GroundTruthStudy]) -> DiagnosticAccuracy:
    """Count the AI results of these studies against their final verdicts."""
    rows = list(studies)
    both = Counter((row.truth, row.label) for row in rows if row.is_comparable)
    tumor, no_tumor = Label.TUMOR.value, Label.NO_TUMOR.value
    return DiagnosticAccuracy(
        studies=len(rows),
        true_positive=both[tumor, tumor],
        false_negative=both[tumor, no_tumor],
        false_positive=both[no_tumor, tumor],
        true_negative=both[no_tumor, no_tumor],
        unsure=sum(row.truth == Finding.UNSURE for row in rows),
        no_opinion=sum(row.label not in OPINIONS for row in rows),
    )


def calibration(studies: Iterable[GroundTruthStudy]) -> list[CalibrationBin]:
    """Return, for each tenth of the shown probability, how often the truth was a tumor."""
    tenths: dict[int, list[GroundTruthStudy]] = defaultdict(list)
    for row in studies:
        if row.is_comparable and row.probability is not None:
            tenths[min(BINS - 1, int(row.probability * BINS))].append(row)
    bins = []
    for tenth in range(BINS):
        inside = tenths[tenth]
        shown = [row.probability for row in inside if row.probability is not None]
        tumors = sum(row.truth == Finding.TUMOR for row in inside)
        mean = sum(shown) / len(shown) if shown else None
        share = wilson(tumors, len(inside))
        bins.append(CalibrationBin(tenth / BINS, (tenth + 1) / BINS, mean, share))
    return bins


def _grouped(studies: Sequence[GroundTruthStudy], name: Any) -> dict[str, DiagnosticAccuracy]:
    groups: dict[str, list[GroundTruthStudy]] = defaultdict(list)
    for row in studies:
        groups[name(row)].append(row)
    return {key: diagnostic_accuracy(groups[key]) for key in sorted(groups)}


def _independent_findings(rows: Any) -> Iterator[tuple[UUID, int, str]]:
    """Yield study, reader and finding of each reader's own first verdict.

    The finding that was committed before the AI result was shown, where there is one; else the
    signed one. Never an amended one: it was made knowing the other reader's finding and the AI's.
    """
    facts = rows.filter(status=VerdictStatus.FINAL).order_by()
    for study, reader, committed, finding in facts.values_list(
        "study", "reader", "committed_finding", "finding"
    ):
        yield study, reader, committed or finding


def _reader_pairs(
    user: User, studies: Set[UUID] | None, *, shows_everyone: bool
) -> list[PairAgreement]:
    """Return the agreement of two independent readers; of `studies`, where those are given.

    Two who disagree count from their signatures on; in a filtered part only once the study has a
    deciding verdict.
    """
    rows = Verdict.objects.visible_to(user).filter(
        read_as__in=[ReadAs.FIRST, ReadAs.SECOND], study__readers_required=ReadersRequired.TWO
    )
    by_study: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for study, reader, finding in _independent_findings(
        rows.exclude(study__read_stage=ReadStage.WAITING)
    ):
        if studies is None or study in studies:
            by_study[study].append((reader, finding))
    pairs: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    for both in by_study.values():
        if len(both) == 2:
            (first, first_finding), (second, second_finding) = sorted(both)
            pairs[first, second].append((first_finding, second_finding))
    names = _names({reader for pair in pairs for reader in pair})
    return [
        PairAgreement(names[first], names[second], cohen_kappa(findings))
        for (first, second), findings in sorted(pairs.items(), key=lambda item: -len(item[1]))
        if shows_everyone or user.pk in {first, second}
    ]


def _reader_ai(
    user: User, studies: Sequence[GroundTruthStudy], *, shows_everyone: bool
) -> list[PairAgreement]:
    """Return the agreement of each reader with the AI, where both gave an opinion."""
    labels = {row.study: row.label for row in studies if row.label in OPINIONS}
    rows = Verdict.objects.visible_to(user).filter(study__read_stage=ReadStage.READ)
    ratings: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for study, reader, finding in _independent_findings(rows):
        if study in labels and finding != Finding.UNSURE:
            ratings[reader].append((finding, labels[study]))
    names = _names(ratings)
    return [
        PairAgreement(names[reader], "AI", cohen_kappa(pairs))
        for reader, pairs in sorted(ratings.items(), key=lambda item: -len(item[1]))
        if shows_everyone or reader == user.pk
    ]


def _names(people: Iterable[int]) -> dict[int, str]:
    return {pk: str(person) for pk, person in User.objects.in_bulk(set(people)).items()}


def _changed_after_ai(user: User, studies: Set[UUID]) -> Share:
    """Return the share of findings changed between commitment (the AI still hidden) and signature.

    Only of `studies`, which are read: a count that grew while one is read blind would reveal it.
    """
    rows = Verdict.objects.visible_to(user).filter(
        status=VerdictStatus.FINAL, committed_at__isnull=False
    )
    findings = [
        (before, after)
        for study, before, after in rows.values_list("study", "committed_finding", "finding")
        if study in studies
    ]
    return wilson(sum(before != after for before, after in findings), len(findings))
