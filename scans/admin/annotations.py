"""Annotations with their versions, and the clinic's labels. Read only."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin import ClinicModelAdmin
from accounts.models import User
from scans import audit_events
from scans.admin.core.links import link_to
from scans.models import (
    Annotation,
    AnnotationVersion,
    KeyImage,
    LabelList,
    SpacingCalibration,
)
from scans.services.disclosure import disclosed_to, others_disclosed


def _disclosed(user: User, prefix: str = "") -> Q:
    """The condition of `readable_annotations` for rows with the annotation at the path `prefix`."""
    study = f"{prefix}image__series__study"
    ai_disclosed = disclosed_to(user, study=study) | Q(**{f"{prefix}from_analysis__isnull": True})
    return others_disclosed(study=study) & ai_disclosed


@admin.register(Annotation)
class AnnotationAdmin(ClinicModelAdmin):
    deferred = ("image__instance__header",)
    read_event = audit_events.ANNOTATION_READ
    listed_event = audit_events.ANNOTATION_LISTED
    clinic_path = "image__patient__clinic"
    list_display = ["created_at", "author", "patient", "image_link", "version", "is_hidden"]
    list_filter = ["is_hidden"]
    list_select_related = [
        *("author", "image__patient__clinic", "image__series__study", "image__instance")
    ]
    search_fields = ["^image__patient__mrn", "image__patient__family_name", "=author__username"]
    search_help_text = "An MRN, a family name, or a reader's user name."
    ordering = ["-created_at", "id"]
    date_hierarchy = "created_at"
    fields = ["image_link", "patient", "author", "created_at", "version", "is_hidden"]

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        return super().visible_rows(rows, user).filter(_disclosed(user))

    @admin.display(description="Image")
    def image_link(self, obj: Annotation) -> SafeString:
        return link_to(obj.image)

    @admin.display(description="Patient")
    def patient(self, obj: Annotation) -> object:
        return obj.image.patient


@admin.register(AnnotationVersion)
class AnnotationVersionAdmin(ClinicModelAdmin):
    read_event = audit_events.ANNOTATION_VERSION_READ
    listed_event = audit_events.ANNOTATION_VERSION_LISTED
    clinic_path = "annotation__image__patient__clinic"
    list_display = ["made_at", "number", "origin", "shape", "label", "author", "patient"]
    list_filter = ["origin", "shape"]
    list_select_related = ["annotation__author", "annotation__image__patient__clinic"]
    search_fields = [
        "^annotation__image__patient__mrn",
        "annotation__image__patient__family_name",
        "=annotation__author__username",
        "label",
    ]
    search_help_text = "An MRN, a family name, a reader's user name, or a label."
    ordering = ["-made_at", "-id"]
    date_hierarchy = "made_at"
    fields = [
        "annotation_link",
        "patient",
        "author",
        "number",
        "origin",
        "restored_from",
        "is_hidden",
        "made_at",
        "shape",
        "label",
        "note",
        "geometry_text",
        "measurements_text",
    ]

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        return super().visible_rows(rows, user).filter(_disclosed(user, "annotation__"))

    def patient_id_of(self, row: AnnotationVersion) -> Any:
        return row.annotation.patient_id

    @admin.display(description="Annotation")
    def annotation_link(self, obj: AnnotationVersion) -> SafeString:
        return link_to(obj.annotation)

    @admin.display(description="Reader")
    def author(self, obj: AnnotationVersion) -> object:
        return obj.annotation.author

    @admin.display(description="Patient")
    def patient(self, obj: AnnotationVersion) -> object:
        return obj.annotation.image.patient

    @admin.display(description="Geometry, in pixels")
    def geometry_text(self, obj: AnnotationVersion) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(obj.geometry, indent=2))

    @admin.display(description="Measurements")
    def measurements_text(self, obj: AnnotationVersion) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(obj.measured, indent=2))


@admin.register(LabelList)
class LabelListAdmin(ClinicModelAdmin):
    """Clinic administrators change the list on the page "Annotation labels"."""

    clinic_path = "clinic"
    list_display = ["clinic", "count", "changed_at"]
    list_select_related = ["clinic"]
    search_fields = ["clinic__name"]
    ordering = ["clinic"]
    fields = ["clinic", "lines", "changed_at"]

    @admin.display(description="Labels")
    def count(self, obj: LabelList) -> int:
        return len(obj.names)

    @admin.display(description="Labels, in their order")
    def lines(self, obj: LabelList) -> SafeString:
        return format_html("<pre>{}</pre>", "\n".join(obj.names))


class _OfAnImage(ClinicModelAdmin):
    deferred = ("image__instance__header",)
    clinic_path = "image__patient__clinic"
    list_select_related = [
        *("reader", "image__patient__clinic", "image__series__study", "image__instance")
    ]
    search_fields = ["^image__patient__mrn", "image__patient__family_name", "=reader__username"]
    search_help_text = "An MRN, a family name, or a reader's user name."

    def visible_rows(self, rows: QuerySet, user: User) -> QuerySet:
        disclosed = others_disclosed(study="image__series__study")
        return super().visible_rows(rows, user).filter(disclosed)

    @admin.display(description="Image")
    def image_link(self, obj: KeyImage | SpacingCalibration) -> SafeString:
        return link_to(obj.image)

    @admin.display(description="Patient")
    def patient(self, obj: KeyImage | SpacingCalibration) -> object:
        return obj.image.patient


@admin.register(KeyImage)
class KeyImageAdmin(_OfAnImage):
    read_event = audit_events.KEY_IMAGE_READ
    listed_event = audit_events.KEY_IMAGE_LISTED
    list_display = ["starred_at", "unstarred_at", "reader", "patient", "image_link"]
    ordering = ["-starred_at", "id"]
    date_hierarchy = "starred_at"
    fields = ["image_link", "patient", "reader", "starred_at", "unstarred_at"]


@admin.register(SpacingCalibration)
class SpacingCalibrationAdmin(_OfAnImage):
    read_event = audit_events.CALIBRATION_READ
    listed_event = audit_events.CALIBRATION_LISTED
    list_display = ["made_at", "withdrawn_at", "mm_per_pixel", "reader", "patient", "image_link"]
    ordering = ["-made_at", "id"]
    date_hierarchy = "made_at"
    fields = [
        "image_link",
        "patient",
        "reader",
        "line",
        "known_mm",
        "mm_per_pixel",
        "covers_series",
        "made_at",
        "withdrawn_at",
    ]
