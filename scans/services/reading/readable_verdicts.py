"""The findings and verdicts of radiologists, as far as one person may see them now.

`readable_findings` is for lists: a fixed number of queries however many studies there are.
`readable_verdicts` is for one study: every version, in full.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Case, F, OuterRef, Prefetch, Q, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import User
from scans.models import Assessment, Study, Verdict
from scans.models.assessment import Finding, ReadAs
from scans.models.reading import ReadersRequired, ReadStage
from scans.services.disclosure import (
    ai_visible,
    others_disclosed,
    others_visible,
    withheld_from,
)

_IN_IMAGE_ORDER = Assessment.objects.select_related("analysis__image__series").order_by(
    "analysis__image__series__number", "analysis__image__number", "pk"
)

_RANKS = {Finding.TUMOR: 0, Finding.UNSURE: 2, Finding.NO_TUMOR: 3}
_DISAGREE, _UNREAD = 1, 4


@dataclass(frozen=True)
class ReadableFinding:
    """The radiologists' current finding on one study, without drafts.

    `verdicts` has the deciding one where the study is read, both where two readers disagree.
    """

    stage: str = ReadStage.WAITING
    verdicts: tuple[Verdict, ...] = ()
    # How many AI results were accepted, modified and rejected in them; empty where the AI results
    # are withheld.
    decisions: Mapping[str, int] = field(default_factory=dict)
    is_blind: bool = False  # two readers, who do not see each other's findings yet

    @property
    def words(self) -> str:
        """What a list says instead of a deciding verdict, or beside two that disagree."""
        if self.is_blind:
            return "Two readers, not both signed"
        if self.stage == ReadStage.ADJUDICATION:
            return "Two readers disagree"
        return "" if self.verdicts else "Unread"

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything that can change in how it is shown; compared by polls."""
        return (
            self.stage,
            self.is_blind,
            *((str(row.pk), str(row.moved_at)) for row in self.verdicts),
            *sorted(self.decisions.items()),
        )


def readable_findings(*, user: User, studies: Iterable[Study]) -> dict[UUID, ReadableFinding]:
    """Return the finding on each of these studies, which the caller got from `visible_to`."""
    rows = list(studies)
    ids = [row.pk for row in rows]
    withheld = withheld_from(user=user, studies=ids)
    found: dict[UUID, list[Verdict]] = {}
    verdicts = (
        Verdict.objects.current()
        .filter(Q(others_disclosed(study="study")) | Q(reader=user.pk), study__in=ids)
        .select_related("reader", "study")
        .prefetch_related("assessments")
        .with_caveats()
        .order_by("signed_at", "pk")
    )
    for verdict in verdicts:
        found.setdefault(verdict.study_id, []).append(verdict)
    return {
        row.pk: _finding(row, found.get(row.pk, []), disclosed=row.pk not in withheld)
        for row in rows
    }


def finding_rank() -> Coalesce:
    """Where the finding on a study stands among the others, to order by: a tumor first.

    It is what `readable_findings` shows everybody: the deciding verdict of a study that is read. A
    study that is not read is last, whatever one of its readers has signed.
    """
    findings = (When(finding=finding, then=rank) for finding, rank in _RANKS.items())
    deciding = Verdict.objects.deciding().filter(study=OuterRef("pk"))
    decided = deciding.annotate(rank=Case(*findings, default=_UNREAD)).values("rank")[:1]
    disagree = When(read_stage=ReadStage.ADJUDICATION, then=_DISAGREE)
    return Coalesce(Case(disagree, default=Subquery(decided)), _UNREAD)


def readable_verdicts(*, user: User, study: Study) -> list[Verdict]:
    """Return every signed version that this person may see, oldest first; their own draft last.

    While two readers read blind, only their own. While the AI result is withheld from this person,
    only the finding of the others' verdicts: what somebody changed or wrote after they saw the AI
    result reveals it.
    """
    rows = Verdict.objects.filter(study=study).not_discarded()
    others = rows.signed() if others_visible(user=user, study=study) else rows.none()
    found = list(
        (rows.filter(reader=user.pk) | others)
        .with_caveats()
        .select_related("reader", "superseded_by", "study")
        .prefetch_related(Prefetch("assessments", _IN_IMAGE_ORDER))
        .order_by(F("signed_at").asc(nulls_last=True), "begun_at", "pk")
    )
    if not ai_visible(user=user, study=study):
        for row in found:
            if row.reader_id != user.pk:
                _blank(row)
    return found


def _blank(verdict: Verdict) -> None:
    """Empty all that was written with the AI result known, in the copy that is shown, not saved."""
    verdict.committed_finding, verdict.committed_at = "", None
    verdict.comment = verdict.amendment_reason = ""
    verdict.ai_content = {}
    verdict.contradictions, verdict.contradiction_note = [], ""
    empty = {"assessments": Assessment.objects.none()}
    verdict._prefetched_objects_cache = empty  # type: ignore[attr-defined]


def _finding(study: Study, verdicts: list[Verdict], *, disclosed: bool) -> ReadableFinding:
    deciding = _deciding(study, verdicts)
    decisions = Counter(
        assessment.decision
        for verdict in deciding
        for assessment in verdict.assessments.all()
        if disclosed
    )
    return ReadableFinding(
        stage=study.read_stage,
        verdicts=tuple(deciding),
        decisions=dict(decisions),
        is_blind=study.readers_required != ReadersRequired.ONE
        and study.read_stage == ReadStage.WAITING,
    )


def _deciding(study: Study, verdicts: list[Verdict]) -> list[Verdict]:
    """Return the deciding one of a read study as `VerdictQuerySet.deciding` has it; else all."""
    if study.read_stage != ReadStage.READ:
        return verdicts
    adjudicated = [row for row in verdicts if row.read_as == ReadAs.ADJUDICATION]
    return (adjudicated or [row for row in verdicts if row.read_as == ReadAs.FIRST])[:1]
