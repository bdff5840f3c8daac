"""Cover parts of an image wherever it is shown or read; the stored original stays as it is."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models import Image

_MOST_PARTS = 50
_WRONG = (
    "Give each part as left, top, width and height in pixels, inside the image of {width} x "
    "{height} pixels; at most {most} parts."
)


@clinical_write(Action.CORRECT_STUDY, on="image")
def mask_image(*, user: User, image: Image, parts: Sequence[Sequence[Any]] | None = None) -> Image:
    """Cover these parts (left, top, width, height in pixels), or without them the text found.

    The viewer, pictures, figures of reports and analyses made from then on show the image so.
    Raises `NotAllowedError` or `ValidationError`.
    """
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
    """Show the whole image again. Raises `NotAllowedError`."""
    current = Image.objects.select_for_update().get(pk=image.pk)
    before = current.mask
    if before:
        current.mask, current.masked_by, current.masked_at = [], None, None
        current.save(update_fields=["mask", "masked_by", "masked_at"])
        _record(user, current, audit_events.IMAGE_UNMASKED, before)
    return current


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
    return [list(part) for part in parts]
