"""Images that came after a study was signed: who answers for them, and when the mark goes away.

The mark (`Study.new_images_at`) is set as they are received. It goes away once as many people have
looked since the newest of them came as decided the study: the reader, both of two readers who
agree, or the one who adjudicated. To have looked is to have signed: an amended verdict, a report,
an adjudication, or that the new images change nothing (`sign_nothing_changes`). So a colleague can
answer for a reader who is away, and nobody's verdict is changed by somebody else. While two readers
disagree the mark waits for who adjudicates, who reads all images.
"""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.password_proof import refuse_provisional_password
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, NewImagesReview, Report, Study, Verdict
from scans.models.assessment import SIGNED, ReadAs
from scans.models.new_images_review import NewImagesReviewQuerySet
from scans.models.reading import ReadStage
from scans.services.disclosure import others_visible
from scans.services.notifications import mark_answered
from scans.services.patients.records import refuse_archived
from scans.services.studies.arrival import moment_after_files

NONE_LEFT = "No images have come since this study was signed, or somebody has answered for them."
_MORE_CAME = "More images have come meanwhile. Look at them, then say it again."
_NOT_YOURS = (
    "This study is read by two readers who do not see each other's finding. Who has signed answers "
    "for the new images; sign your own verdict, which covers all of them."
)
_LOOKED = "You have signed since the new images came. Another reader has to answer for them."
_ADJUDICATE = "Two readers disagree about this study: who decides reads the new images as well."


def new_images(study: Study) -> Iterable[Image]:
    """Return the images that came since the study was signed, in their order; none unmarked."""
    if study.new_images_at is None:
        return Image.objects.none()
    rows = Image.objects.filter(series__study=study, received_at__gte=study.new_images_at)
    return rows.order_by("series__number", "number")


def readable_reviews(*, user: User, study: Study) -> NewImagesReviewQuerySet:
    """Return what readers signed of new images of the study, without what is kept from this one."""
    rows = NewImagesReview.objects.visible_to(user).filter(study=study)
    return rows if others_visible(user=user, study=study) else rows.filter(reader=user.pk)


def has_looked(reader: User | int, *, study: str = "") -> Q:
    """Return the condition on a marked study that this person has looked since the newest image.

    `study` is as in `scans.services.disclosure.disclosed_to`.
    """
    path = f"{study}__" if study else ""
    person = reader if isinstance(reader, int) else reader.pk
    of_study = {"study": OuterRef(f"{path}pk")}
    newest = OuterRef(f"{path}newest_image_at")
    verdicts = Verdict.objects.filter(**of_study, reader=person, signed_at__gte=newest).signed()
    reports = Report.objects.filter(**of_study, author=person, signed_at__gte=newest).signed()
    reviews = NewImagesReview.objects.filter(**of_study, reader=person, seen_until__gte=newest)
    return Q(Exists(verdicts)) | Q(Exists(reports)) | Q(Exists(reviews))


def left_for(reader: User) -> Q:
    """Return the condition on studies whose new images this reader, who has signed, answers for."""
    own = Verdict.objects.filter(study=OuterRef("pk"), reader=reader.pk, status__in=SIGNED)
    marked = Q(new_images_at__isnull=False) & ~Q(read_stage=ReadStage.ADJUDICATION)
    return marked & Q(Exists(own)) & ~Q(has_looked(reader))


def left_for_colleagues(reader: User) -> Q:
    """Return the condition on studies that are read and whose new images anybody can answer for."""
    marked = Q(new_images_at__isnull=False, read_stage=ReadStage.READ)
    return marked & ~Q(has_looked(reader))


def why_not_reviewed(study: Study, *, reader: User) -> str:
    """Return in words why this reader cannot answer for new images of the study; "" if they can."""
    if study.new_images_at is None:
        return NONE_LEFT
    if study.read_stage == ReadStage.ADJUDICATION:
        return _ADJUDICATE
    signed = Verdict.objects.filter(study=study, reader=reader.pk).signed().exists()
    if not signed and not others_visible(user=reader, study=study):
        return _NOT_YOURS
    if Study.objects.filter(has_looked(reader), pk=study.pk).exists():
        return _LOOKED
    return ""


@clinical_write(Action.READ_STUDY, on="study")
def sign_nothing_changes(*, user: User, study: Study, seen_until: datetime) -> NewImagesReview:
    """Sign that the images which came since the study was signed change nothing.

    `seen_until` is the study's `newest_image_at` as the reader was shown it. What was signed stays
    word for word. Raises `NotAllowedError`, `ValidationError` for an archived patient, or
    `StateConflictError` where more images have come, or none are left for this reader.
    """
    refuse_provisional_password(user)
    refuse_archived(study.patient, then="answer for its new images")
    current = Study.objects.select_for_update().get(pk=study.pk)
    if refusal := why_not_reviewed(current, reader=user):
        raise StateConflictError(refusal)
    assert current.newest_image_at is not None
    if timezone.is_naive(seen_until):
        raise ValidationError({"seen_until": "Send the time with its zone, as you were given it."})
    if seen_until < current.newest_image_at:
        raise StateConflictError(_MORE_CAME)
    review = NewImagesReview.objects.create(
        study=current,
        reader=user,
        images=[str(image.pk) for image in new_images(current)],
        seen_until=current.newest_image_at,
        signed_at=moment_after_files(current),
        signed_name=str(user),
    )
    audit.record(
        actor=user,
        event=audit_events.NEW_IMAGES_REVIEWED,
        row=review,
        patient_id=current.patient_id,
        detail={"study": str(current.pk), "images": len(review.images)},
    )
    settle_new_images(current, signer=user)
    return review


def settle_new_images(study: Study, *, signer: User) -> None:
    """Take the mark away where enough people have looked; in the transaction of a signature.

    `signer` is who has just signed: what told them of the new images is done.
    """
    if study.new_images_at is None:
        return
    is_disputed = study.read_stage == ReadStage.ADJUDICATION
    if is_disputed or len(_lookers(study)) < _required(study):
        mark_answered(study, user=signer)
        return
    mark_answered(study)
    study.new_images_at = study.newest_image_at = None
    study.locked_by = study.lock_expires_at = None
    study.save(update_fields=["new_images_at", "newest_image_at", "locked_by", "lock_expires_at"])


def _required(study: Study) -> int:
    reads = set(Verdict.objects.filter(study=study).current().values_list("read_as", flat=True))
    return 1 if ReadAs.ADJUDICATION in reads else max(1, len(reads))


def _lookers(study: Study) -> set[int]:
    newest = study.newest_image_at
    verdicts = Verdict.objects.filter(study=study, signed_at__gte=newest).signed()
    reports = Report.objects.filter(study=study, signed_at__gte=newest).signed()
    reviews = NewImagesReview.objects.filter(study=study, seen_until__gte=newest)
    return {
        *verdicts.values_list("reader", flat=True),
        *reports.values_list("author", flat=True),
        *reviews.values_list("reader", flat=True),
    }
