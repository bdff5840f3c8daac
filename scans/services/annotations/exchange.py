"""Export and import annotations as W3C Web Annotation (JSON-LD); reasons in docs/annotations.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.geometry import read_geometry
from scans.geometry.svg import SvgError, read_svg, write_svg
from scans.models import Annotation, Image, Study
from scans.models.annotation import VersionOrigin
from scans.services.annotations.lifecycle import VersionConflictError, create_annotation
from scans.services.patients.records import refuse_archived

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
MOST_ITEMS = 500
_FRAGMENT = "xywh=pixel:"


@dataclass(frozen=True)
class ImportResult:
    """The annotations of an imported page, and how many of them are new or were there already."""

    annotations: list[Annotation]
    new: int
    unchanged: int


@dataclass(frozen=True)
class _Item:
    annotation_id: UUID
    image: Image
    geometry: dict[str, Any]
    label: str
    note: str


def export_page(*, user: User, study: Study, annotations: Iterable[Annotation]) -> dict[str, Any]:
    """Return a W3C AnnotationPage of these annotations of the study; an audit event records it."""
    items = [_exported(annotation) for annotation in annotations]
    audit.record(
        actor=user,
        event=audit_events.ANNOTATION_EXPORTED,
        row=study,
        patient_id=study.patient_id,
        detail={"count": len(items)},
    )
    return {"@context": CONTEXT, "type": "AnnotationPage", "items": items}


@clinical_write(Action.ANNOTATE, on="study")
def import_page(*, user: User, study: Study, page: object) -> ImportResult:
    """Import every item of the page into the user's layer, or none where one of them is wrong.

    Raises `NotAllowedError`, or `ValidationError` by item.
    """
    refuse_archived(study.patient, then="import the annotations")
    images = {
        _source(image): image
        for image in Image.objects.with_instance()
        .filter(series__study=study)
        .select_related("series", "patient")
    }
    errors: dict[str, list[str]] = {}
    imported: list[tuple[Annotation, bool]] = []
    for number, raw in enumerate(_items_of(page)):
        try:
            imported.append(_import_item(user, _read(raw, images)))
        except ValidationError as error:
            for field, messages in _by_field(error).items():
                errors.setdefault(f"items.{number}{field}", []).extend(messages)
    if errors:
        raise ValidationError(errors)
    new = sum(is_new for _, is_new in imported)
    audit.record(
        actor=user,
        event=audit_events.ANNOTATION_PAGE_IMPORTED,
        row=study,
        patient_id=study.patient_id,
        detail={"new": new, "unchanged": len(imported) - new},
    )
    return ImportResult([row for row, _ in imported], new=new, unchanged=len(imported) - new)


def _exported(annotation: Annotation) -> dict[str, Any]:
    version, image = annotation.current, annotation.image
    geometry = read_geometry(version.geometry, width=image.width, height=image.height)
    texts = (("tagging", version.label), ("commenting", version.note))
    return {
        "id": annotation.pk.urn,
        "type": "Annotation",
        "created": annotation.created_at.isoformat(),
        "modified": version.made_at.isoformat(),
        "creator": {"type": "Person", "name": str(annotation.author)},
        "body": [
            {"type": "TextualBody", "purpose": purpose, "value": value}
            for purpose, value in texts
            if value
        ],
        "target": {
            "source": _source(image),
            "selector": {"type": "SvgSelector", "value": write_svg(geometry)},
        },
    }


def _source(image: Image) -> str:
    """The SOP Instance UID of the file, with the frame where that holds several."""
    uid = f"urn:oid:{image.instance.sop_instance_uid}"
    return uid if image.instance.number_of_frames == 1 else f"{uid}#frame={image.frame_number}"


def _items_of(page: object) -> list[Any]:
    if not isinstance(page, Mapping) or page.get("type") != "AnnotationPage":
        raise ValidationError({"type": "Send an object whose `type` is AnnotationPage."})
    items = page.get("items")
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        raise ValidationError(
            {"items": f"Give `items` as a list of 1 to {MOST_ITEMS} annotations."}
        )
    return items


def _read(raw: object, images: Mapping[str, Image]) -> _Item:
    if not isinstance(raw, Mapping) or raw.get("type") != "Annotation":
        raise ValidationError({"type": "Give an object whose `type` is Annotation."})
    target = raw.get("target")
    if not isinstance(target, Mapping):
        raise ValidationError({"target": "Give one target with a `source` and a `selector`."})
    source = target.get("source")
    image = images.get(source) if isinstance(source, str) else None
    if image is None:
        raise ValidationError(
            {
                "target.source": "No image of this study has this SOP Instance UID. "
                "Give it as urn:oid:<UID>, and as urn:oid:<UID>#frame=<number> where the file "
                "holds several images."
            }
        )
    body = _bodies(raw.get("body", []))
    return _Item(
        annotation_id=_id(raw.get("id")),
        image=image,
        geometry=_selected(target.get("selector")),
        label=body["tagging"],
        note=body["commenting"],
    )


def _bodies(raw: object) -> dict[str, str]:
    texts = {"tagging": "", "commenting": ""}
    for body in raw if isinstance(raw, list) else [raw]:
        known = body if isinstance(body, Mapping) and body.get("type") == "TextualBody" else {}
        purpose, value = str(known.get("purpose")), known.get("value")
        if purpose not in texts or not isinstance(value, str) or texts[purpose]:
            raise ValidationError(
                {
                    "body": "Give TextualBody objects with a `value`: at most one with the "
                    "purpose tagging (the label) and one with commenting (the note)."
                }
            )
        texts[purpose] = value
    return texts


def _selected(raw: object) -> dict[str, Any]:
    value = raw.get("value") if isinstance(raw, Mapping) else None
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    if not isinstance(value, str) or kind not in {"SvgSelector", "FragmentSelector"}:
        message = "Give an SvgSelector, or a FragmentSelector, with its `value`."
    elif kind == "SvgSelector":
        try:
            return read_svg(value)
        except SvgError as error:
            message = str(error)
    else:
        try:
            if value.startswith(_FRAGMENT) and len(value) < MOST_ITEMS:
                x, y, width, height = map(float, value.removeprefix(_FRAGMENT).split(","))
                return {"shape": "rectangle", "x": x, "y": y, "width": width, "height": height}
        except ValueError:
            pass
        message = "Give the fragment as xywh=pixel:x,y,w,h."
    raise ValidationError({"target.selector": message})


def _id(raw: object) -> UUID:
    """The id in the file where it is a UUID of ours; otherwise a new one."""
    try:
        return UUID(raw) if isinstance(raw, str) and raw.startswith("urn:uuid:") else uuid4()
    except ValueError:
        return uuid4()


def _import_item(user: User, item: _Item) -> tuple[Annotation, bool]:
    own = Annotation.objects.with_context().filter(pk=item.annotation_id, author=user).first()
    if own is not None and _is_as_exported(own, item):
        return own, False

    def new(annotation_id: UUID) -> tuple[Annotation, bool]:
        return create_annotation(
            user=user,
            image=item.image,
            annotation_id=annotation_id,
            geometry=item.geometry,
            label=item.label,
            note=item.note,
            origin=VersionOrigin.IMPORTED,
        )

    try:
        return new(item.annotation_id)
    except VersionConflictError:
        return new(uuid4())


def _is_as_exported(annotation: Annotation, item: _Item) -> bool:
    """Whether the newest version of the annotation would be exported as this item."""
    current = annotation.current
    texts = (current.label, current.note)
    if annotation.image_id != item.image.pk or texts != (item.label, item.note):
        return False
    size = {"width": item.image.width, "height": item.image.height}
    try:
        return read_geometry(current.geometry, **size) == read_geometry(item.geometry, **size)
    except ValueError:
        return False


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {"": error.messages}
    names = {"geometry": "target.selector", "label": "body", "note": "body"}
    return {
        f".{names.get(name.partition('.')[0], name)}": messages
        for name, messages in error.message_dict.items()
    }
