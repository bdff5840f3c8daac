"""Create, revise, hide, unhide and restore annotations.

Nothing is overwritten: every change adds a version. A change names the version it was made from;
where that is not the newest any more nothing is written, and the person chooses.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, NotAllowedError
from scans import audit_events
from scans.geometry import GeometryError, read_geometry, write_geometry
from scans.models import Analysis, Annotation, AnnotationVersion, Image
from scans.models.annotation import LONGEST_NOTE, VersionOrigin
from scans.services.annotations.labels import labels_of
from scans.services.annotations.spacing import measurements_of
from scans.services.patients.records import refuse_archived
from scans.written_text import refuse_control_characters, written_lines

_NOT_YOURS = "Only the reader who drew this annotation can change it. Draw your own beside it."
_THEN = "annotate the images"


class VersionConflictError(Exception):
    """Somebody changed the annotation since the version that was named; `current` is how it is now.

    `current` is None where the id belongs to something else that this reader may not see.
    """

    def __init__(self, current: Annotation | None) -> None:
        super().__init__(
            "This annotation was changed meanwhile, in another window or on another device. "
            "Choose which to keep."
            if current is not None
            else "This id belongs to another annotation. Use a new random UUID."
        )
        self.current = current


@dataclass(frozen=True)
class AnnotationContent:
    """The part of a version that the reader decides."""

    geometry: dict[str, Any]
    label: str
    note: str
    is_hidden: bool = False


@clinical_write(Action.ANNOTATE, on="image")
def create_annotation(
    *,
    user: User,
    image: Image,
    annotation_id: UUID,
    geometry: object,
    label: str = "",
    note: str = "",
    from_analysis: Analysis | None = None,
    origin: VersionOrigin = VersionOrigin.DRAWN,
) -> tuple[Annotation, bool]:
    """Create an annotation in the user's layer; return it, and whether it is new.

    The same call repeated creates one annotation. Raises `NotAllowedError`, `ValidationError`, or
    `VersionConflictError` where the id is taken by something else.
    """
    if from_analysis is not None and from_analysis.image_id != image.pk:
        raise ValidationError(
            {"from_analysis": "This analysis is of another image. Name one of this image."}
        )
    content = AnnotationContent(_checked_geometry(geometry, image), label, _checked_note(note))
    if Annotation.objects.filter(pk=annotation_id).exists():
        return _created_before(user, image, annotation_id, content), False
    refuse_archived(image.patient, then=_THEN)
    _check_label(label, image=image)
    try:
        with transaction.atomic():
            annotation = Annotation.objects.create(
                pk=annotation_id, image=image, author=user, from_analysis=from_analysis
            )
    except IntegrityError:  # the same request, sent twice at once
        return _created_before(user, image, annotation_id, content), False
    _append(annotation, content, origin=origin)
    _record(user, origin, annotation)
    return _fresh(annotation), True


@clinical_write(Action.ANNOTATE, on="annotation")
def revise_annotation(
    *, user: User, annotation: Annotation, version: int, changes: Mapping[str, Any]
) -> Annotation:
    """Change geometry, label or note (those in `changes`), made from version `version`.

    Raises `NotAllowedError`, `ValidationError` or `VersionConflictError`.
    """
    current = _own(user, annotation)
    content = _content(current.current)
    if "geometry" in changes:
        geometry = _checked_geometry(changes["geometry"], annotation.image)
        content = replace(content, geometry=geometry)
    if "note" in changes:
        content = replace(content, note=_checked_note(changes["note"]))
    if "label" in changes:
        content = replace(content, label=changes["label"])
        _check_label(content.label, image=annotation.image, annotation=current)
    return _change(user, current, version, content, VersionOrigin.REVISED)


@clinical_write(Action.ANNOTATE, on="annotation")
def hide_annotation(*, user: User, annotation: Annotation, version: int) -> Annotation:
    """Hide an annotation: what readers call deleting. It stays in the record.

    Raises `NotAllowedError`, `ValidationError` or `VersionConflictError`.
    """
    current = _own(user, annotation)
    content = replace(_content(current.current), is_hidden=True)
    return _change(user, current, version, content, VersionOrigin.HIDDEN)


@clinical_write(Action.ANNOTATE, on="annotation")
def unhide_annotation(*, user: User, annotation: Annotation, version: int) -> Annotation:
    """Show a hidden annotation again. Raises as `hide_annotation` does."""
    current = _own(user, annotation)
    content = replace(_content(current.current), is_hidden=False)
    return _change(user, current, version, content, VersionOrigin.UNHIDDEN)


@clinical_write(Action.ANNOTATE, on="annotation")
def restore_annotation(*, user: User, annotation: Annotation, version: int, to: int) -> Annotation:
    """Add a version with the content of version `to`, shown or hidden as that was.

    Raises `NotAllowedError`, `ValidationError` or `VersionConflictError`.
    """
    current = _own(user, annotation)
    older = current.versions.filter(number=to).first()
    if older is None:
        raise ValidationError(
            {"restore": f"There is no version {to}. The newest is {current.version}."}
        )
    return _change(
        user, current, version, _content(older), VersionOrigin.RESTORED, restored_from=to
    )


def _own(user: User, annotation: Annotation) -> Annotation:
    """The row as it is now, locked until the commit."""
    if annotation.author_id != user.pk:
        raise NotAllowedError(_NOT_YOURS)
    return Annotation.objects.select_for_update().get(pk=annotation.pk)


def _change(
    user: User,
    annotation: Annotation,
    version: int,
    content: AnnotationContent,
    origin: VersionOrigin,
    restored_from: int | None = None,
) -> Annotation:
    # Compared first: a queue that repeats itself after a lost answer changes nothing.
    if content == _content(annotation.current):
        return _fresh(annotation)
    refuse_archived(annotation.image.patient, then=_THEN)
    if version != annotation.version:
        raise VersionConflictError(_fresh(annotation))
    annotation.version += 1
    annotation.is_hidden = content.is_hidden
    annotation.save(update_fields=["version", "is_hidden"])
    _append(annotation, content, origin=origin, restored_from=restored_from)
    _record(user, origin, annotation)
    return _fresh(annotation)


def _append(
    annotation: Annotation,
    content: AnnotationContent,
    *,
    origin: VersionOrigin,
    restored_from: int | None = None,
) -> None:
    image = annotation.image
    AnnotationVersion.objects.create(
        annotation=annotation,
        number=annotation.version,
        origin=origin,
        restored_from=restored_from,
        shape=content.geometry["shape"],
        measurements=measurements_of(content.geometry, image, reader=annotation.author),
        **asdict(content),
    )


@clinical_write()
def measure_anew(annotation: Annotation) -> None:
    """Add a version where the measurements are others now: a manual calibration came or went.

    Called inside of the write that changed the calibration.
    """
    current = Annotation.objects.select_for_update().get(pk=annotation.pk)
    version = current.current
    if measurements_of(version.geometry, current.image, reader=current.author) == version.measured:
        return
    current.version += 1
    current.save(update_fields=["version"])
    _append(current, _content(version), origin=VersionOrigin.CALIBRATED)
    _record(current.author, VersionOrigin.CALIBRATED, current)


def _created_before(
    user: User, image: Image, annotation_id: UUID, content: AnnotationContent
) -> Annotation:
    """The annotation with this id, if it is the one that is being created; else a conflict."""
    found = Annotation.objects.with_context().filter(pk=annotation_id, author=user).first()
    if found is None:
        raise VersionConflictError(None)
    if found.image_id != image.pk or _content(found.versions.get(number=1)) != content:
        raise VersionConflictError(found)
    return found


def _content(version: AnnotationVersion) -> AnnotationContent:
    return AnnotationContent(version.geometry, version.label, version.note, version.is_hidden)


def _checked_geometry(raw: object, image: Image) -> dict[str, Any]:
    try:
        return write_geometry(read_geometry(raw, width=image.width, height=image.height))
    except GeometryError as error:
        raise ValidationError(
            {
                f"geometry.{name}" if name else "geometry": sentence
                for name, sentence in error.errors.items()
            }
        ) from error


def _checked_note(note: str) -> str:
    note = written_lines(note)
    if len(note) > LONGEST_NOTE:
        raise ValidationError({"note": f"Give the note at most {LONGEST_NOTE} characters."})
    refuse_control_characters({"note": note})
    return note


def _check_label(label: str, *, image: Image, annotation: Annotation | None = None) -> None:
    if not label or label in labels_of(image.clinic_id):
        return
    # The clinic's list may have changed since: a label that the annotation once had is allowed.
    if annotation is not None and annotation.versions.filter(label=label).exists():
        return
    raise ValidationError(
        {"label": "This label is not on your clinic's list. Choose one that is, or none."}
    )


def _fresh(annotation: Annotation) -> Annotation:
    return Annotation.objects.with_context().get(pk=annotation.pk)


_EVENTS = {
    VersionOrigin.DRAWN: audit_events.ANNOTATION_DRAWN,
    VersionOrigin.IMPORTED: audit_events.ANNOTATION_IMPORTED,
    VersionOrigin.REVISED: audit_events.ANNOTATION_REVISED,
    VersionOrigin.HIDDEN: audit_events.ANNOTATION_HIDDEN,
    VersionOrigin.UNHIDDEN: audit_events.ANNOTATION_UNHIDDEN,
    VersionOrigin.RESTORED: audit_events.ANNOTATION_RESTORED,
    VersionOrigin.CALIBRATED: audit_events.ANNOTATION_MEASURED_ANEW,
}


def _record(user: User, origin: VersionOrigin, annotation: Annotation) -> None:
    audit.record(
        actor=user,
        event=_EVENTS[origin],
        row=annotation,
        patient_id=annotation.patient_id,
        detail={"version": annotation.version},
    )
