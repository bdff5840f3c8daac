"""Critical findings as they are read: by whom, of which patient, whether they arrived.

And whether the study was decided, or decided anew, after the finding was told: the finding itself
does not change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import OutgoingMail, User
from scans.models import CriticalFinding, RecordChange, Study, Verdict
from scans.models.assessment import ReadAs, VerdictStatus
from scans.models.critical_finding import CriticalFindingQuerySet
from scans.models.reading import ReadStage
from scans.models.record_change import ChangeKind, identity_of
from scans.services.disclosure import disclosed_to, others_disclosed


def readable_critical_findings(*, user: User, study: Study) -> CriticalFindingQuerySet:
    """Return what was told of this study, as far as this person may read it now.

    While two readers read blind, or the AI result is withheld from this person, what they told, or
    were told, themselves: what a colleague told reveals what they found, or what the AI said.
    """
    return _readable(user).filter(study=study)


def told_of_studies(
    *, user: User, studies: Collection[UUID]
) -> dict[UUID, list["CriticalFindingStatus"]]:
    """Return what was told of each of these studies, as `readable_critical_findings` has it.

    The newest first. One query where nothing was told, which is nearly always.
    """
    rows = _readable(user).filter(study__in=studies)
    shown = list(rows.select_related("reported_by", "study__patient"))
    found: dict[UUID, list[CriticalFindingStatus]] = {}
    for status in statuses_of(shown) if shown else ():
        found.setdefault(status.finding.study_id, []).append(status)
    return found


def _readable(user: User) -> CriticalFindingQuerySet:
    is_open = disclosed_to(user, study="study") & others_disclosed(study="study")
    rows = CriticalFinding.objects.visible_to(user)
    return rows.filter(Q(reported_by=user) | Q(recipient=user) | is_open)


@dataclass(frozen=True)
class VerdictSince:
    """What decides the study since a finding was told. Nothing of a study that is read blind."""

    signed_at: datetime
    verdict: Verdict | None  # None while two readers disagree

    @property
    def is_amended(self) -> bool:
        """Whether its reader changed what they had signed before."""
        return self.verdict is not None and self.verdict.status == VerdictStatus.AMENDED

    @property
    def is_adjudicated(self) -> bool:
        """Whether a third reader decided between two."""
        return self.verdict is not None and self.verdict.read_as == ReadAs.ADJUDICATION


@dataclass(frozen=True)
class CriticalFindingStatus:
    """How a finding that was sent stands."""

    finding: CriticalFinding
    identity: Mapping[str, str]  # of the patient, as it was sent
    is_moved: bool  # the study is another patient's since
    is_undelivered: bool  # no mail of it arrived, and nobody has acknowledged it
    verdict_since: VerdictSince | None  # what was signed after it was told

    @property
    def facts(self) -> tuple[object, ...]:
        """Everything that can change in how it is shown; compared by polls."""
        acknowledged = str(self.finding.acknowledged_at)
        decided = self.verdict_since and str(self.verdict_since.signed_at)
        return str(self.finding.pk), acknowledged, self.is_undelivered, self.is_moved, decided


def statuses_of(findings: Iterable[CriticalFinding]) -> list[CriticalFindingStatus]:
    """Return how these findings stand: four queries, however many there are."""
    rows = list(findings)
    given_up = undelivered(rows)
    moves = RecordChange.objects.filter(
        kind=ChangeKind.STUDY_MOVED, study__in={row.study_id for row in rows}
    )
    moved: dict[UUID, list[RecordChange]] = {}
    for move in moves.order_by("made_at", "pk"):
        moved.setdefault(move.study_id, []).append(move)  # type: ignore[arg-type]
    signed = _signed_verdicts(rows)
    return [
        _status(
            row,
            moved.get(row.study_id, []),
            is_undelivered=row.pk in given_up,
            verdict_since=_verdict_since(row, signed.get(row.study_id, [])),
        )
        for row in rows
    ]


def _signed_verdicts(findings: Iterable[CriticalFinding]) -> dict[UUID, list[Verdict]]:
    """Return the current verdicts by study, the newest first, where no read is awaited blind."""
    verdicts = (
        Verdict.objects.current()
        .filter(study__in={row.study_id for row in findings})
        .exclude(study__read_stage=ReadStage.WAITING)
        .with_deciding()
        .select_related("reader")
    )
    found: dict[UUID, list[Verdict]] = {}
    for verdict in verdicts.order_by("-signed_at", "-pk"):
        found.setdefault(verdict.study_id, []).append(verdict)
    return found


def _verdict_since(
    finding: CriticalFinding, newest_first: Sequence[Verdict]
) -> VerdictSince | None:
    deciding = next((row for row in newest_first if row.is_deciding), None)
    newest = next(iter(newest_first), None)
    if newest is None or newest.signed_at is None or newest.signed_at <= finding.reported_at:
        return None
    return VerdictSince(newest.signed_at, deciding)


def _status(
    finding: CriticalFinding,
    moves: Sequence[RecordChange],
    *,
    is_undelivered: bool,
    verdict_since: VerdictSince | None,
) -> CriticalFindingStatus:
    since = [move for move in moves if move.made_at > finding.noted_at]
    now = identity_of(finding.study.patient)
    # Of a finding of an earlier version, which kept nobody: who the first move took it from.
    identity = finding.told_patient or (since[0].before if since else now)
    return CriticalFindingStatus(
        finding,
        identity,
        is_moved=identity["id"] != now["id"],
        is_undelivered=is_undelivered,
        verdict_since=verdict_since,
    )


def undelivered(findings: Iterable[CriticalFinding]) -> set[UUID]:
    """Return the ids of those whose mail was given up, and that nobody has acknowledged."""
    waiting = [row.pk for row in findings if row.acknowledged_at is None]
    mails = OutgoingMail.objects.filter(about__in=waiting)
    arrived = mails.filter(given_up_at__isnull=True)
    failed = set(mails.failed().values_list("about", flat=True))
    lost = failed - set(arrived.values_list("about", flat=True))
    return {pk for pk in waiting if pk in lost}
