"""The clinic's list of labels for annotations."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from accounts.seen_values import OVERTAKEN
from scans import audit_events
from scans.models.annotation import DEFAULT_LABELS, LONGEST_LABEL, LabelList
from scans.written_text import refuse_control_characters

MOST_LABELS = 100


def labels_of(clinic_id: UUID) -> list[str]:
    """Return the labels that this clinic offers, in its order."""
    own = LabelList.objects.filter(clinic_id=clinic_id).first()
    return list(DEFAULT_LABELS) if own is None else list(own.names)


@clinical_write(Action.EDIT_CLINIC_SETTINGS)
def set_labels(*, user: User, names: Sequence[str], seen: Sequence[str] | None = None) -> list[str]:
    """Replace the list of the user's clinic. Existing annotations keep their labels.

    `seen` is the list that the person saw: where it is another one by now, nothing changes.
    Raises `NotAllowedError` or `ValidationError`.
    """
    if user.clinic_id is None:
        raise ValidationError("A superuser belongs to no clinic, so there is no list to change.")
    cleaned = _cleaned(names)
    _check(cleaned)
    own, is_new = LabelList.objects.select_for_update().get_or_create(clinic_id=user.clinic_id)
    now = list(DEFAULT_LABELS) if is_new else own.names
    if seen is not None and now not in (_cleaned(seen), cleaned):
        raise ValidationError({"names": OVERTAKEN})
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


def _cleaned(names: Sequence[str]) -> list[str]:
    return [name for name in (" ".join(name.split()) for name in names) if name]


def _check(names: Sequence[str]) -> None:
    if not names:
        raise ValidationError({"names": "Give at least one label."})
    if len(names) > MOST_LABELS:
        raise ValidationError({"names": f"Give at most {MOST_LABELS} labels."})
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if len(name) > LONGEST_LABEL:
            raise ValidationError({"names": f"Give each label at most {LONGEST_LABEL} letters."})
        refuse_control_characters({"names": name}, called={"names": f"label in line {number}"})
        if name.casefold() in seen:
            raise ValidationError({"names": f"The label {name} is there twice. Remove one."})
        seen.add(name.casefold())
