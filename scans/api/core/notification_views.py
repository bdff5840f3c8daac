"""Notifications: of what one was told, and that one has read it."""

from typing import Any

from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.views import ClinicRows
from scans.models import Notification
from scans.services.core.filters import ListFilterSet, TrueFalseFilter
from scans.services.notifications import mark_read


class NotificationFilterSet(ListFilterSet):
    unread = TrueFalseFilter(
        field_name="read_at", lookup_expr="isnull", help_text="Only those not read, or only read."
    )


class NotificationSerializer(serializers.ModelSerializer):
    """What happened, as a sentence without a name, and the study that it is about."""

    sentence = serializers.CharField(source="get_kind_display", read_only=True)
    study = serializers.UUIDField(source="study_id", read_only=True)
    study_url: serializers.Field = serializers.HyperlinkedRelatedField(
        source="study", view_name="api:study-detail", read_only=True
    )

    class Meta:
        model = Notification
        fields = ["id", "kind", "sentence", "study", "study_url", "created_at", "read_at"]
        read_only_fields = fields


class MarkedSerializer(serializers.Serializer):
    marked = serializers.IntegerField(help_text="How many were unread before.")


class NotificationViewSet(ClinicRows):
    queryset = Notification.objects.select_related("study__clinic")
    serializer_class = NotificationSerializer
    filter_backends: list[Any] = [DjangoFilterBackend]
    filterset_class = NotificationFilterSet

    def get_queryset(self) -> Any:
        return self.queryset.of(signed_in(self.request))

    @extend_schema(summary="List your notifications", description="The newest first.")
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        studies = list({row.study_id: row.study for row in page}.values())
        audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Mark a notification as read",
        description="That of a critical finding stays unread until the finding is acknowledged.",
        request=None,
    )
    def read(self, request: Request, pk: Any) -> Response:
        row = self.get_object()
        mark_read(user=signed_in(request), notification=row)
        row.refresh_from_db(fields=["read_at"])
        return Response(self.get_serializer(row).data)

    @extend_schema(
        summary="Mark all notifications as read",
        description="All but those of critical findings that nobody has acknowledged.",
        operation_id="notifications_read_all",
        request=None,
        responses=MarkedSerializer,
    )
    def read_all(self, request: Request) -> Response:
        return Response({"marked": mark_read(user=signed_in(request))})

    def get_object(self) -> Notification:
        row = self.get_queryset().filter(pk=self.kwargs["pk"]).first()
        if row is None:
            raise Http404
        return row
