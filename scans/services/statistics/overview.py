"""What the clinic's own signed verdicts say about the AI, and the readers about each other.

Each study with a deciding verdict is a case (`scans.services.statistics.ground_truth`); "unsure"
is counted and left out of every rate.
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
from scans.services.statistics.ground_truth import OPINIONS, Case, cases_of

BINS = 10  # of the calibration: tenths of the shown probability


@dataclass(frozen=True)
class Figures:
    """Rates of a set of cases."""

    cases: int
    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int
    unsure: int
    no_opinion: int

    @property
    def sensitivity(self) -> Share:
        return wilson(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Share:
        return wilson(self.true_negative, self.true_negative + self.false_positive)


@dataclass(frozen=True)
class Bin:
    """The studies whose shown probability lies in one tenth."""

    low: float
    high: float
    mean: float | None
    tumors: Share


@dataclass(frozen=True)
class Pair:
    """Two who spoke of the same studies."""

    first: str
    second: str
    kappa: Kappa


@dataclass(frozen=True)
class ClinicStatistics:
    """All that the statistics page shows."""

    sources: Sequence[str]  # that can be looked at by themselves
    months: Sequence[str]
    overall: Figures
    by_release: Mapping[str, Figures]
    by_source: Mapping[str, Figures]
    by_month: Mapping[str, Figures]
    calibration: Sequence[Bin]
    disagreements: Sequence[Case]
    reader_pairs: Sequence[Pair]
    reader_ai: Sequence[Pair]
    changed_after_ai: Share
    inflow: Inflow
    input_by_month: Sequence[Month]


def clinic_statistics(
    *, user: User, release: ModelRelease | None = None, source: str = "", month: str = ""
) -> ClinicStatistics:
    """The statistics of the person's clinic; of one release, source or month of signing if given.

    Which sources and months there are stays told, whichever one is looked at. How well two people
    agree is shown to themselves, and to who manages people.

    Raises `NotAllowedError`.
    """
    require(user, Action.VIEW_STATISTICS)
    known = cases_of(user, release=release)
    cases = [
        case
        for case in known
        if (not source or case.source == source) and (not month or case.month == month)
    ]
    wrong = sorted(
        (case for case in cases if case.counts and not case.agrees),
        key=lambda case: case.signed,
        reverse=True,
    )
    of_all = has_perm(user, Action.MANAGE_PEOPLE)
    studies = {case.study for case in cases}
    is_part = release is not None or bool(source or month)
    inflow, months = input_by_month(user, release=release)
    return ClinicStatistics(
        sources=sorted({case.source for case in known} - {""}),
        months=sorted({case.month for case in known}),
        overall=figures(cases),
        by_release=_grouped(cases, lambda case: case.release or "No result"),
        by_source=_grouped(cases, lambda case: case.source),
        by_month=_grouped(cases, lambda case: case.month),
        calibration=calibration(cases),
        disagreements=wrong,
        reader_pairs=_reader_pairs(user, studies if is_part else None, of_all=of_all),
        reader_ai=_reader_ai(user, cases, of_all=of_all),
        changed_after_ai=_changed_after_ai(user, studies),
        inflow=inflow,
        input_by_month=months,
    )


def figures(cases: Iterable[Case]) -> Figures:
    kept = list(cases)
    both = Counter((case.truth, case.label) for case in kept if case.counts)
    tumor, no_tumor = Label.TUMOR.value, Label.NO_TUMOR.value
    return Figures(
        cases=len(kept),
        true_positive=both[tumor, tumor],
        false_negative=both[tumor, no_tumor],
        false_positive=both[no_tumor, tumor],
        true_negative=both[no_tumor, no_tumor],
        unsure=sum(case.truth == Finding.UNSURE for case in kept),
        no_opinion=sum(case.label not in OPINIONS for case in kept),
    )


def calibration(cases: Iterable[Case]) -> list[Bin]:
    """How often a tumor was found where the shown probability lay in each tenth."""
    tenths: dict[int, list[Case]] = defaultdict(list)
    for case in cases:
        if case.counts and case.probability is not None:
            tenths[min(BINS - 1, int(case.probability * BINS))].append(case)
    found = []
    for tenth in range(BINS):
        inside = tenths[tenth]
        shown = [case.probability for case in inside if case.probability is not None]
        tumors = sum(case.truth == Finding.TUMOR for case in inside)
        mean = sum(shown) / len(shown) if shown else None
        found.append(Bin(tenth / BINS, (tenth + 1) / BINS, mean, wilson(tumors, len(inside))))
    return found


def _grouped(cases: Sequence[Case], name: Any) -> dict[str, Figures]:
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[name(case)].append(case)
    return {key: figures(groups[key]) for key in sorted(groups)}


def _unled(rows: Any) -> Iterator[tuple[UUID, int, str]]:
    """Study, reader and finding of first-signed verdicts, as far as possible from what led it.

    The finding that was committed before the AI's word was shown, where there is one; else the
    signed one. Never an amended one: that came after the other reader's word and the AI's.
    """
    facts = rows.filter(status=VerdictStatus.FINAL).order_by()
    for study, reader, committed, finding in facts.values_list(
        "study", "reader", "committed_finding", "finding"
    ):
        yield study, reader, committed or finding


def _reader_pairs(user: User, studies: Set[UUID] | None, *, of_all: bool) -> list[Pair]:
    """Independent reads of the same study; of these studies, where a part is looked at.

    Two who disagree count from their signatures on; to a part they belong once they are settled.
    """
    rows = Verdict.objects.visible_to(user).filter(
        read_as__in=[ReadAs.FIRST, ReadAs.SECOND], study__readers_required=ReadersRequired.TWO
    )
    by_study: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for study, reader, finding in _unled(rows.exclude(study__read_stage=ReadStage.WAITING)):
        if studies is None or study in studies:
            by_study[study].append((reader, finding))
    pairs: dict[tuple[int, int], list[tuple[str, str]]] = defaultdict(list)
    for both in by_study.values():
        if len(both) == 2:
            (one, said), (other, answered) = sorted(both)
            pairs[one, other].append((said, answered))
    names = _names({reader for pair in pairs for reader in pair})
    return [
        Pair(names[first], names[second], cohen_kappa(words))
        for (first, second), words in sorted(pairs.items(), key=lambda item: -len(item[1]))
        if of_all or user.pk in {first, second}
    ]


def _reader_ai(user: User, cases: Sequence[Case], *, of_all: bool) -> list[Pair]:
    """Each reader against the AI, where both gave an opinion."""
    labels = {case.study: case.label for case in cases if case.label in OPINIONS}
    rows = Verdict.objects.visible_to(user).filter(study__read_stage=ReadStage.READ)
    words: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for study, reader, finding in _unled(rows):
        if study in labels and finding != Finding.UNSURE:
            words[reader].append((finding, labels[study]))
    names = _names(words)
    return [
        Pair(names[reader], "AI", cohen_kappa(said))
        for reader, said in sorted(words.items(), key=lambda item: -len(item[1]))
        if of_all or reader == user.pk
    ]


def _names(people: Iterable[int]) -> dict[int, str]:
    return {pk: str(person) for pk, person in User.objects.in_bulk(set(people)).items()}


def _changed_after_ai(user: User, studies: Set[UUID]) -> Share:
    """How many signed findings differ from the one committed before the AI was shown.

    Of studies that are read: a count that grew while one is read blind would tell of it.
    """
    rows = Verdict.objects.visible_to(user).filter(
        status=VerdictStatus.FINAL, committed_at__isnull=False
    )
    said = [
        (before, after)
        for study, before, after in rows.values_list("study", "committed_finding", "finding")
        if study in studies
    ]
    return wilson(sum(before != after for before, after in said), len(said))
