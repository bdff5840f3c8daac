"""How a study arrives: file after file, until it is quiet or the sender says that it is complete.

It can be read before. Images that come after a verdict or a report was signed mark the study, which
goes back to the worklist; `scans.services.reading.new_images` says who answers for them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models import Image, Instance, Report, Study, Verdict
from scans.models.notification import NotificationKind
from scans.models.reading import ReadStage
from scans.services.notifications import notify

_ONE_MICROSECOND = timedelta(microseconds=1)


def signed_last_at(study: Study) -> datetime | None:
    """Return when a verdict or a report on the study was last signed; None where none is."""
    verdicts = Verdict.objects.signed().filter(study=OuterRef("pk")).order_by("-signed_at")
    reports = Report.objects.signed().filter(study=OuterRef("pk")).order_by("-signed_at")
    moments = (
        Study.objects.filter(pk=study.pk)
        .order_by()
        .values_list(
            Subquery(verdicts.values("signed_at")[:1]), Subquery(reports.values("signed_at")[:1])
        )
    )
    return max((moment for row in moments for moment in row if moment), default=None)


def moment_after_files(study: Study) -> datetime:
    """Return the time for a signature: now, and not before the newest file that is there.

    Two machines' clocks differ: what was there as somebody signed never counts as having come
    since.
    """
    return max(timezone.now(), study.last_received_at)


@clinical_write()
def note_received(
    *,
    user: User,
    study: Study,
    images: Sequence[Image],
    signed_at: datetime | None,
    is_complete: bool,
) -> None:
    """Note in the caller's transaction that new files came to a study that was there, now locked.

    `images` are those in them, `signed_at` when it was last signed (`signed_last_at`).
    """
    # By whose clock ever, what is there and what is signed was so before these came.
    before = [study.last_received_at, *([signed_at] if signed_at else [])]
    now = max(timezone.now(), *(moment + _ONE_MICROSECOND for moment in before))
    study.last_received_at = now
    changed = {"last_received_at", "arrived_at"}
    if is_complete:
        study.arrived_at = now
    elif signed_at is None:
        study.arrived_at = None
    if images and signed_at is not None:
        _mark(user, study, images, at=now)
        changed |= {"new_images_at", "newest_image_at"}
    elif images and study.read_stage == ReadStage.READ:
        # Of an earlier version, which counted old studies as read: nobody has signed for it, and
        # now there is something that nobody has looked at.
        study.read_stage = ReadStage.WAITING
        changed.add("read_stage")
    study.save(update_fields=changed)


def _mark(user: User, study: Study, images: Sequence[Image], *, at: datetime) -> None:
    ids = [image.pk for image in images]
    for image in images:
        image.received_at = at
    Image.objects.filter(pk__in=ids).update(received_at=at)
    Instance.objects.filter(images__in=ids).update(received_at=at)
    if study.new_images_at is None:
        study.new_images_at = at
    study.newest_image_at = at
    audit.record(
        actor=user,
        event=audit_events.NEW_IMAGES_MARKED,
        row=study,
        patient_id=study.patient_id,
        detail={"images": len(images)},
    )
    verdicts = Verdict.objects.filter(study=study).current().select_related("reader")
    reports = Report.objects.filter(study=study).current().select_related("author")
    signers = [*(row.reader for row in verdicts), *(row.author for row in reports)]
    notify([*signers, study.assignee], NotificationKind.NEW_IMAGES, study, actor=user)


@clinical_write(Action.UPLOAD_STUDY, on="study")
def complete_study(*, user: User, study: Study) -> Study:
    """Say that the study has arrived: its sender, or whoever may upload, knows it to be complete.

    Once is enough: said again, nothing changes. Raises `NotAllowedError`.
    """
    current = Study.objects.select_for_update().get(pk=study.pk)
    if current.arrived_at is None:
        current.arrived_at = timezone.now()
        current.save(update_fields=["arrived_at"])
        audit.record(
            actor=user,
            event=audit_events.STUDY_ARRIVED,
            row=current,
            patient_id=current.patient_id,
        )
    return current


def mark_arrived() -> int:
    """Mark the studies that have been quiet for their clinic's time as arrived; return how many.

    One query while nothing arrives, and it may run as often as it likes: a study that has got
    another file meanwhile is left alone. The audit trail has each, with nobody who acted.
    """
    now = timezone.now()
    arriving = Study.objects.filter(arrived_at=None).order_by()
    rows = arriving.values_list("pk", "last_received_at", "clinic__arrival_quiet_seconds")
    return sum(
        _arrived_by_quiet(pk, since=last, at=now)
        for pk, last, seconds in list(rows)
        if last + timedelta(seconds=seconds) <= now
    )


@clinical_write()
def _arrived_by_quiet(study_id: UUID, *, since: datetime, at: datetime) -> int:
    """Mark one study on its own: no other one waits for its lock meanwhile."""
    quiet = Study.objects.filter(pk=study_id, arrived_at=None, last_received_at=since)
    arrived = quiet.update(arrived_at=at)
    if arrived:
        study = Study.objects.get(pk=study_id)
        audit.record(
            actor=None,
            event=audit_events.STUDY_ARRIVED,
            row=study,
            patient_id=study.patient_id,
        )
    return arrived
