"""The clinic's list of labels for annotations."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.models.annotation import DEFAULT_LABELS, LONGEST_LABEL, LabelList
from scans.written_text import has_control_characters

MOST_LABELS = 100


def labels_of(clinic_id: UUID) -> list[str]:
    """Return the labels that this clinic offers, in its order."""
    own = LabelList.objects.filter(clinic_id=clinic_id).first()
    return list(DEFAULT_LABELS) if own is None else list(own.names)


@clinical_write(Action.EDIT_CLINIC_SETTINGS)
def set_labels(*, user: User, names: Sequence[str]) -> list[str]:
    """Replace the list of the user's clinic. Existing annotations keep their labels.

    Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError("A superuser belongs to no clinic, so there is no list to change.")
    cleaned = [name for name in (" ".join(name.split()) for name in names) if name]
    _check(cleaned)
    own, _ = LabelList.objects.select_for_update().get_or_create(clinic_id=user.clinic_id)
    if own.names != cleaned:
        own.names = cleaned
        own.save()
        audit.record(
            actor=user,
            event=audit_events.ANNOTATION_LABELS_CHANGED,
            row=own,
            detail={"count": len(cleaned)},
        )
    return cleaned


def _check(names: Sequence[str]) -> None:
    if not names:
        raise ValidationError({"names": "Give at least one label."})
    if len(names) > MOST_LABELS:
        raise ValidationError({"names": f"Give at most {MOST_LABELS} labels."})
    seen: set[str] = set()
    for name in names:
        if len(name) > LONGEST_LABEL:
            raise ValidationError({"names": f"Give each label at most {LONGEST_LABEL} letters."})
        if has_control_characters(name):
            raise ValidationError({"names": "Remove the control characters from the labels."})
        if name.casefold() in seen:
            raise ValidationError({"names": f"The label {name} is there twice. Remove one."})
        seen.add(name.casefold())
