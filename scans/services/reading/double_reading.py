"""Double reading: how many readers a study requires, which read is next, and the resulting stage.

    waiting -> read                           one reader, or two who agree
    waiting -> adjudication -> read           two who disagree, and a third

Two readers agree where their findings for the study are the same. `update_read_stage` is the only
function that moves a study from one stage to another; it looks at the current versions, so an
amendment can end a disagreement, or make one.

How many readers there are decides who sees what, so it must not be a way to see another reader's
finding: once somebody else has begun, only those who manage people can reduce it to one, and a
study whose verdict is open to everybody gets no second read that would count as independent.
"""

from collections.abc import Mapping

from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, has_perm
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Annotation, Report, Study, Verdict
from scans.models.assessment import ReadAs, VerdictStatus
from scans.models.notification import NotificationKind
from scans.models.reading import ReadersRequired, ReadStage
from scans.services.notifications import mark_signed, notify
from scans.services.notifications import readers as readers_of_clinic
from scans.services.patients.records import refuse_archived


@clinical_write(Action.ASSIGN_STUDY, on="study")
def set_readers_required(*, user: User, study: Study, readers: int) -> Study:
    """Require one reader for the study, or two independent ones.

    Raises `NotAllowedError`; `ValidationError` for an archived patient; or `StateConflictError`
    where both reads are signed already, or a second one would not be independent any more.
    """
    refuse_archived(study.patient, then="change how many readers the study needs")
    current = Study.objects.select_for_update().get(pk=study.pk)
    if readers not in ReadersRequired.values:
        raise StateConflictError("A study is read by one reader or by two. Choose one of these.")
    if current.readers_required == readers:
        return current
    if readers == ReadersRequired.ONE:
        _refuse_opening(user, current)
    else:
        _refuse_late(current)
    current.readers_required = readers
    current.save(update_fields=["readers_required"])
    update_read_stage(current)
    if readers == ReadersRequired.TWO:
        notify_readers(current, actor=user)
    audit.record(
        actor=user,
        event=audit_events.STUDY_READERS_CHANGED,
        row=current,
        patient_id=current.patient_id,
        detail={"reads": readers},
    )
    return current


def next_read(study: Study, *, reader: User) -> ReadAs:
    """Return which read this reader would sign now.

    Raises `StateConflictError` where there is none left for them.
    """
    final = Verdict.objects.filter(study=study, status=VerdictStatus.FINAL)
    signed = dict(final.values_list("read_as", "reader"))
    if reader.pk in signed.values():
        raise StateConflictError("You have signed a verdict for this study. Amend it instead.")
    if study.read_stage == ReadStage.ADJUDICATION:
        return ReadAs.ADJUDICATION
    if ReadAs.FIRST not in signed:
        return ReadAs.FIRST
    if study.readers_required == ReadersRequired.TWO and ReadAs.SECOND not in signed:
        return ReadAs.SECOND
    raise StateConflictError(
        "Somebody else has signed the verdict for this study, and one reader was asked for."
    )


def why_no_read_is_left(study: Study, *, reader: User) -> str:
    """Return in words why this reader has no read left for the study; "" where they have one."""
    try:
        next_read(study, reader=reader)
    except StateConflictError as error:
        return str(error)
    return ""


def current_reads(study: Study) -> Mapping[str, Verdict]:
    """Return the current signed verdict of each read of the study, by `ReadAs`."""
    rows = Verdict.objects.filter(study=study).current().select_related("reader")
    return {row.read_as: row for row in rows}


def stage_words(study: Study) -> str:
    """Return how far the reading is in words, with how many of two reads are signed so far."""
    if study.readers_required == ReadersRequired.TWO and study.read_stage == ReadStage.WAITING:
        signed = len(current_reads(study))
        if signed:
            return f"{signed} of 2 reads signed"
    return study.get_read_stage_display()


def update_read_stage(study: Study, *, signer: User | None = None) -> None:
    """Set the stage of the study by its signed reads, in the caller's transaction.

    `signer` is who has just signed one: what asked them for it is done.

    `read_at` is when it was first read, and stays: what was open to everybody from then on is not
    taken back where an amendment makes a disagreement (`scans.services.disclosure`). Once it is
    read, whoever's lock of it ends.
    """
    reads = current_reads(study)
    stage = _stage(reads, required=study.readers_required)
    wants_another = stage == ReadStage.ADJUDICATION != study.read_stage or (
        stage == ReadStage.WAITING and len(reads) == 1
    )
    if stage == ReadStage.READ and study.read_at is None:
        study.read_at = timezone.now()
    study.read_stage = stage
    if stage == ReadStage.READ:  # nobody is reading what is read
        study.locked_by, study.lock_expires_at = None, None
    study.save(update_fields=["read_stage", "read_at", "locked_by", "lock_expires_at"])
    if signer is not None:
        mark_signed(study, user=signer)  # before who decides is told anew
    if wants_another:
        notify_readers(study)


def notify_readers(study: Study, *, actor: User | None = None) -> None:
    """Tell the clinic's radiologists who have not signed that another read is wanted."""
    signed = Verdict.objects.filter(study=study).signed().values("reader")
    others = readers_of_clinic(study).exclude(pk__in=signed)
    notify(others, NotificationKind.DOUBLE_READING, study, actor=actor)


def _refuse_opening(user: User, study: Study) -> None:
    """Raise `StateConflictError` where one reader instead of two would reveal another's finding."""
    if ReadAs.SECOND in current_reads(study):
        raise StateConflictError("Two readers have signed already. Both reads are kept.")
    if has_perm(user, Action.MANAGE_PEOPLE):
        return
    is_signed = Verdict.objects.filter(study=study).signed().exists()
    others = Verdict.objects.filter(study=study).exclude(reader=user.pk)
    annotations = Annotation.objects.filter(image__series__study=study).exclude(author=user.pk)
    if is_signed or others.exists() or annotations.exists():
        raise StateConflictError(
            "A reader has begun this study without seeing the other's finding. "
            "Ask a clinic administrator if one reader is to be enough."
        )


def _refuse_late(study: Study) -> None:
    """Raise `StateConflictError` where a second read would not be independent any more."""
    if study.read_stage != ReadStage.WAITING or study.read_at is not None:
        raise StateConflictError(
            "This study is read and its verdict is open to everybody, so a second read would not "
            "be independent. The reader can amend the verdict instead."
        )
    if Report.objects.filter(study=study).signed().exists():
        raise StateConflictError(
            "This study has a signed report, which stays open to everybody. "
            "The report can be amended instead."
        )


def _stage(reads: Mapping[str, Verdict], *, required: int) -> ReadStage:
    if ReadAs.ADJUDICATION in reads:
        return ReadStage.READ
    first, second = reads.get(ReadAs.FIRST), reads.get(ReadAs.SECOND)
    if first is None or (required == ReadersRequired.TWO and second is None):
        return ReadStage.WAITING
    if second is not None and first.finding != second.finding:
        return ReadStage.ADJUDICATION
    return ReadStage.READ
