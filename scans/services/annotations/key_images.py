"""Key images: a reader stars an image, and takes the star away again."""

from uuid import UUID

from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models import Image, KeyImage, Report, Study
from scans.services.patients.records import refuse_archived

_THEN = "star images"


@clinical_write(Action.ANNOTATE, on="image")
def star_image(*, user: User, image: Image) -> KeyImage:
    """Make the image one of the user's key images; one that is already stays as it is.

    Raises `NotAllowedError` or `ValidationError`.
    """
    refuse_archived(image.patient, then=_THEN)
    star, is_new = KeyImage.objects.get_or_create(image=image, reader=user, unstarred_at=None)
    if is_new:
        _record(user, star, starred=True)
    return star


@clinical_write(Action.ANNOTATE, on="image")
def unstar_image(*, user: User, image: Image) -> None:
    """Take the user's star from the image; where there is none nothing happens.

    Raises `NotAllowedError` or `ValidationError`.
    """
    refuse_archived(image.patient, then=_THEN)
    stars = KeyImage.objects.starred().filter(image=image, reader=user)
    star = stars.select_for_update().first()
    if star is not None:
        star.unstarred_at = timezone.now()
        star.save(update_fields=["unstarred_at"])
        _record(user, star, starred=False)


def key_images_of(*, user: User, study: Study) -> list[Image]:
    """Return the user's own key images of a study, in the order of the images."""
    stars = KeyImage.objects.visible_to(user).starred().of_study(study).filter(reader=user)
    images = Image.objects.filter(key_images__in=stars).select_related("series")
    return list(images.order_by("series__number", "number", "pk"))


def starred_ids(*, user: User, study: Study) -> set[UUID]:
    """Return the ids of the user's own key images of a study."""
    stars = KeyImage.objects.visible_to(user).starred().of_study(study).filter(reader=user)
    return set(stars.values_list("image_id", flat=True))


def key_images_text(images: list[Image]) -> str:
    """Return them as a report lists them: Image 3, image 7. With the series where there are more.

    Empty for none.
    """
    several = len({image.series_id for image in images}) > 1
    names = [
        f"image {image.number}" + (f" of series {image.series.number}" if several else "")
        for image in images
    ]
    text = ", ".join(names)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def key_images_listed(report: Report) -> list[Image]:
    """Return the key images that a report lists: as they were when it was signed.

    A draft lists those that its author has now.
    """
    if report.is_draft:
        return key_images_of(user=report.author, study=report.study)
    images = Image.objects.filter(pk__in=report.key_images).select_related("series")
    return list(images.order_by("series__number", "number", "pk"))


def _record(user: User, star: KeyImage, *, starred: bool) -> None:
    event = audit_events.KEY_IMAGE_STARRED if starred else audit_events.KEY_IMAGE_UNSTARRED
    audit.record(
        actor=user,
        event=event,
        row=star,
        patient_id=star.patient_id,
        detail={"image": str(star.image_id)},
    )
