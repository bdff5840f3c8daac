"""Cover parts of an image wherever it is shown or read; the stored original stays as it is.

A cover hides names, never a finding: it leaves the middle of an image free but for text that was
found there, and of images that are drawn on as a rule. Once somebody has signed, who reads studies
or administers the clinic covers and uncovers. The viewer says that parts are covered.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError, has_object_perm
from scans import audit_events
from scans.ingest.border_text import BAND
from scans.ingest.text_in_pixels import is_drawn_on
from scans.models import Image, Study
from scans.services.patients.records import refuse_archived
from scans.services.studies.arrival import signed_last_at

_MOST_PARTS = 50
_WRONG = (
    "Give each part as left, top, width and height in pixels, inside the image of {width} x "
    "{height} pixels; at most {most} parts."
)
_MIDDLE = (
    "The part {part} reaches into the middle of the image. Only what lies within {band:.0%} of "
    "a border is covered, and text that was found."
)
_SIGNED = (
    "A verdict or a report on this study is signed. Ask a radiologist or your clinic administrator "
    "to change what is covered."
)


@clinical_write(Action.CORRECT_STUDY, on="image")
def mask_image(*, user: User, image: Image, parts: Sequence[Sequence[Any]] | None = None) -> Image:
    """Cover these parts (left, top, width, height in pixels), or without them the text found.

    The viewer, pictures, figures of reports and analyses made from then on show the image so.
    Raises `NotAllowedError`, or `ValidationError` for an archived patient, where no text was found,
    and for parts outside the image or in the middle of one that is read.
    """
    _refuse_closed(user, image)
    current = Image.objects.select_for_update().get(pk=image.pk)
    wanted = current.border_text if parts is None else _checked(current, parts)
    if not wanted:
        raise ValidationError("No text was found near the borders of this image. Name the parts.")
    if current.mask != wanted:
        current.mask, current.masked_by, current.masked_at = wanted, user, timezone.now()
        current.save(update_fields=["mask", "masked_by", "masked_at"])
        _record(user, current, audit_events.IMAGE_MASKED, wanted)
    return current


@clinical_write(Action.CORRECT_STUDY, on="image")
def unmask_image(*, user: User, image: Image) -> Image:
    """Show the whole image again.

    Raises `NotAllowedError`, or `ValidationError` for an archived patient.
    """
    _refuse_closed(user, image)
    current = Image.objects.select_for_update().get(pk=image.pk)
    before = current.mask
    if before:
        current.mask, current.masked_by, current.masked_at = [], None, None
        current.save(update_fields=["mask", "masked_by", "masked_at"])
        _record(user, current, audit_events.IMAGE_UNMASKED, before)
    return current


def may_cover(user: User, study: Study) -> bool:
    """Whether this person covers and uncovers parts of the images of the study."""
    return (
        has_object_perm(user, Action.CORRECT_STUDY, study)
        and not study.patient.is_archived
        and (_answers_for_signed(user, study) or signed_last_at(study) is None)
    )


def _refuse_closed(user: User, image: Image) -> None:
    refuse_archived(image.patient, then="change what is covered of its images")
    if not _answers_for_signed(user, image.study) and signed_last_at(image.study) is not None:
        raise NotAllowedError(_SIGNED)


def _answers_for_signed(user: User, study: Study) -> bool:
    """Whether they read studies, or administer the clinic."""
    return any(
        has_object_perm(user, action, study)
        for action in (Action.READ_STUDY, Action.EDIT_CLINIC_SETTINGS)
    )


def _record(user: User, image: Image, event: Any, parts: Sequence[Sequence[int]]) -> None:
    audit.record(
        actor=user,
        event=event,
        row=image,
        patient_id=image.patient_id,
        detail={"parts": [list(part) for part in parts]},
    )


def _checked(image: Image, parts: Sequence[Sequence[Any]]) -> list[list[int]]:
    wrong = ValidationError(
        {"parts": _WRONG.format(width=image.width, height=image.height, most=_MOST_PARTS)}
    )
    if len(parts) > _MOST_PARTS:
        raise wrong
    for part in parts:
        if len(part) != 4 or any(isinstance(one, bool) or not isinstance(one, int) for one in part):
            raise wrong
        left, top, width, height = part
        is_inside = left + width <= image.width and top + height <= image.height
        if min(left, top) < 0 or min(width, height) < 1 or not is_inside:
            raise wrong
        if not is_drawn_on(image.instance.kind) and _hides_middle(image, part):
            raise ValidationError({"parts": _MIDDLE.format(part=list(part), band=BAND)})
    return [list(part) for part in parts]


def _hides_middle(image: Image, part: Sequence[int]) -> bool:
    left, top, width, height = part
    is_beside = left + width <= BAND * image.width or left >= (1 - BAND) * image.width
    is_above = top + height <= BAND * image.height or top >= (1 - BAND) * image.height
    return not (is_beside or is_above or any(_is_within(part, one) for one in image.border_text))


def _is_within(part: Sequence[int], other: Sequence[int]) -> bool:
    left, top, width, height = part
    return (
        other[0] <= left
        and other[1] <= top
        and left + width <= other[0] + other[2]
        and top + height <= other[1] + other[3]
    )
