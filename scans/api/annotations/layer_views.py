"""The annotations of a study or an image, as a list and as a W3C page; the clinic's labels."""

from typing import Any
from uuid import UUID

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.requests import signed_in
from scans import audit_events
from scans.api.annotations.serializers import (
    AnnotationPageSerializer,
    AnnotationSerializer,
    ImportedSerializer,
    LabelsSerializer,
)
from scans.api.core.pagination import Pages
from scans.api.core.parameters import CheckedQuery
from scans.api.core.views import ClinicRows
from scans.models import Image, Study
from scans.services.annotations.exchange import export_page, import_page
from scans.services.annotations.labels import labels_of
from scans.services.annotations.readable_annotations import readable_annotations


class LayerPages(Pages):
    """A viewer wants all of a study: more on a page."""

    page_size = 500
    max_page_size = 500


class PersonFilter(filters.Filter):
    field_class = forms.RegexField


class LayerFilter(filters.FilterSet):
    author = PersonFilter(
        method="by_author",
        regex=r"^(me|others|\d{1,18})$",
        help_text="`me`, `others`, or the id of a person.",
    )

    def by_author(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "me":
            return rows.filter(author=self.request.user.pk)
        if value == "others":
            return rows.exclude(author=self.request.user.pk)
        return rows.filter(author=int(value))


class AnnotationFilter(LayerFilter):
    hidden = filters.ChoiceFilter(
        method="by_hidden",
        choices=[("false", "Shown"), ("true", "Hidden"), ("any", "Both")],
        help_text="`false` (the default), `true` or `any`.",
    )

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("hidden") else rows.filter(is_hidden=False)

    def by_hidden(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows if value == "any" else rows.filter(is_hidden=value == "true")


# One study or image in the address: what a reader may see is decided for one study.
class _Layers(ClinicRows):
    listed_event = audit_events.ANNOTATION_LISTED
    serializer_class = AnnotationSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_class: Any = AnnotationFilter
    pagination_class: Any = LayerPages

    def filtered(self, rows: QuerySet) -> QuerySet:
        form = self.filterset_class(self.request.query_params, queryset=rows, request=self.request)
        if not form.is_valid():
            raise filters.utils.translate_validation(form.errors)
        return form.qs


class StudyAnnotationsView(_Layers):
    queryset = Study.objects.all()

    @extend_schema(summary="List a study's annotations", responses=AnnotationSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        study = self.get_object()
        rows = readable_annotations(user=signed_in(request), study=study)
        return self.listed(self.filtered(rows), patient_id=study.patient_id)


class ImageAnnotationsView(_Layers):
    queryset = Image.objects.select_related("series__study", "patient")

    @extend_schema(summary="List an image's annotations", responses=AnnotationSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        image = self.get_object()
        rows = readable_annotations(user=signed_in(request), study=image.study)
        return self.listed(self.filtered(rows.filter(image=image)), patient_id=image.patient_id)


class AnnotationExportView(_Layers):
    queryset = Study.objects.all()
    filterset_class = LayerFilter
    pagination_class = None
    lists = ("retrieve",)

    @extend_schema(
        summary="Export a study's annotations",
        filters=True,
        description="A W3C AnnotationPage with the annotations that are not hidden.",
        responses=AnnotationPageSerializer,
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        user, study = signed_in(request), self.get_object()
        readable = readable_annotations(user=user, study=study).with_instance()
        rows = self.filtered(readable.shown())
        return Response(export_page(user=user, study=study, annotations=rows))


class AnnotationImportView(ClinicRows):
    queryset = Study.objects.all()
    serializer_class = ImportedSerializer
    filter_backends = []

    @extend_schema(
        summary="Import annotations into one's own layer",
        description="Every item of the W3C AnnotationPage, or none where one is wrong.",
        request=AnnotationPageSerializer,
        responses=ImportedSerializer,
    )
    def create(self, request: Request, pk: UUID) -> Response:
        imported = import_page(user=signed_in(request), study=self.get_object(), page=request.data)
        return Response(self.get_serializer(imported).data)


class AnnotationLabelsView(CheckedQuery):
    http_method_names = ["get", "head"]

    @extend_schema(summary="List the clinic's annotation labels", responses=LabelsSerializer)
    def get(self, request: Request) -> Response:
        user = signed_in(request)
        return Response({"labels": labels_of(user.clinic_id) if user.clinic_id else []})
