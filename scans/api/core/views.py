from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, viewsets
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.policy import ClinicQuerySet, get_visible_or_404
from scans.api.core import problems
from scans.api.core.ordering import StableOrdering
from scans.api.core.parameters import CheckedQuery
from scans.api.core.parsers import JSONParser


# A comment, because drf-spectacular would put a docstring into the schema.
# Rows of the clinic: whatever is read goes through `visible_to`.
class ClinicRows(CheckedQuery, viewsets.GenericViewSet):
    # No OPTIONS: what a path takes is in the schema.
    http_method_names = ["get", "head", "post", "patch"]
    lookup_value_converter = "uuid"
    parser_classes = [JSONParser]
    filter_backends = [DjangoFilterBackend, StableOrdering]
    queryset: ClinicQuerySet
    # Of views that show a row, or a list of rows, of a patient.
    read_event: AuditEventType
    listed_event: AuditEventType

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
            raise problems.LengthRequired  # Django would see an empty body
        super().initial(request, *args, **kwargs)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        """Keep clinical data out of caches; a file's response sets how long it may be cached."""
        response = super().finalize_response(*args, **kwargs)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    def get_queryset(self) -> Any:
        return self.queryset.visible_to(self.request.user)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        self.record_read(row)
        return Response(self.get_serializer(row).data)

    def listed(self, rows: QuerySet, *, patient_id: UUID | None = None) -> Response:
        """Return one page of the rows; every page leaves an audit event."""
        page = self.paginate_queryset(rows) or []
        data = self.get_serializer(page, many=True).data
        audit.record_list(
            actor=self.request.user, event=self.listed_event, rows=page, patient_id=patient_id
        )
        return self.get_paginated_response(data)

    def record_read(self, row: Any) -> None:
        """Reads count: the same event as where a page shows the row."""
        audit.record(
            actor=self.request.user,
            event=self.read_event,
            row=row,
            patient_id=self.patient_id_of(row),
        )

    def patient_id_of(self, row: Any) -> UUID:
        return row.patient_id

    def get_object(self) -> Any:
        # Not DRF's: that one applies the list's filters to a detail as well.
        return get_visible_or_404(self.queryset.all(), self.request.user, pk=self.kwargs["pk"])


# Rows that can be listed: in place of DRF's mixin, which leaves no audit event.
class FoundRows(mixins.ListModelMixin, ClinicRows):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.listed(self.filter_queryset(self.get_queryset()))


class AnyFile(BaseRenderer):
    """Accept any `Accept` header for a file; `scans.services.files.deliver` sends the bytes."""

    media_type = "*/*"
    format = "file"
    render_style = "binary"
