from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import get_visible_or_404
from accounts.requests import signed_in
from scans import audit_events
from scans.api.annotations.serializers import (
    AnnotationSerializer,
    AnnotationVersionSerializer,
    BatchRequestSerializer,
    BatchResultSerializer,
    BatchSerializer,
    DrawSerializer,
    RestoreSerializer,
    ReviseSerializer,
    VersionSerializer,
)
from scans.api.core import problems
from scans.api.core.views import ClinicRows
from scans.models import Analysis, Annotation, AnnotationVersion, Image
from scans.services.annotations.lifecycle import (
    VersionConflictError,
    create_annotation,
    hide_annotation,
    restore_annotation,
    revise_annotation,
    unhide_annotation,
)
from scans.services.annotations.readable_annotations import readable_annotation
from scans.services.disclosure import ai_visible

_CHANGED = "The annotation as it is now; nothing differs where it was so already."


@extend_schema_view(retrieve=extend_schema(summary="Show an annotation"))
class AnnotationViewSet(ClinicRows):
    read_event = audit_events.ANNOTATION_READ
    queryset = Annotation.objects.with_context()
    serializer_class = AnnotationSerializer
    filter_backends = []
    lists = ("history",)

    def get_object(self) -> Annotation:
        return readable_annotation(user=signed_in(self.request), annotation_id=self.kwargs["pk"])

    @extend_schema(
        summary="Draw an annotation",
        description="The client makes the id, so that a request sent twice is one annotation.",
        request=DrawSerializer,
        responses={200: AnnotationSerializer, 201: AnnotationSerializer},
    )
    def create(self, request: Request) -> Response:
        annotation, is_new = self._create(request.data)
        body = self.get_serializer(annotation).data
        if not is_new:
            self.record_read(annotation)
            return Response(body)
        return Response(body, status.HTTP_201_CREATED, headers={"Location": str(body["url"])})

    @extend_schema(
        summary="Revise an annotation",
        description=_CHANGED,
        request=ReviseSerializer,
        responses=AnnotationSerializer,
    )
    def partial_update(self, request: Request, pk: Any) -> Response:
        return self._respond(self._revise, request)

    @extend_schema(
        summary="Hide an annotation",
        description="What a reader calls deleting. " + _CHANGED,
        request=VersionSerializer,
        responses=AnnotationSerializer,
    )
    @action(detail=True, methods=["post"])
    def hide(self, request: Request, pk: Any) -> Response:
        return self._respond(self._hide, request)

    @extend_schema(
        summary="Bring a hidden annotation back",
        description=_CHANGED,
        request=VersionSerializer,
        responses=AnnotationSerializer,
    )
    @action(detail=True, methods=["post"])
    def unhide(self, request: Request, pk: Any) -> Response:
        return self._respond(self._unhide, request)

    @extend_schema(
        summary="Restore an older version of an annotation",
        description="Adds a version with the content of the older one. " + _CHANGED,
        request=RestoreSerializer,
        responses=AnnotationSerializer,
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: Any) -> Response:
        return self._respond(self._restore, request)

    @extend_schema(
        summary="List the versions of an annotation",
        description="The newest first.",
        responses=AnnotationVersionSerializer(many=True),
    )
    @action(detail=True, serializer_class=AnnotationVersionSerializer)
    def history(self, request: Request, pk: Any) -> Response:
        annotation = self.get_object()
        self.record_read(annotation)
        page = self.paginate_queryset(AnnotationVersion.objects.filter(annotation=annotation))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Carry out a queue of changes",
        description=(
            "In their order, each for itself: one that fails does not undo or stop the others. "
            "Can be repeated as a whole."
        ),
        request=BatchRequestSerializer,
        responses=BatchResultSerializer,
    )
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        form = BatchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        operations = form.validated_data["operations"]
        return Response({"results": [self._carry_out(operation) for operation in operations]})

    def _respond(self, act: Callable[[Annotation, Any], Annotation], request: Request) -> Response:
        annotation = self._settled(act, self.get_object(), request.data)
        return Response(self.get_serializer(annotation).data)

    def _carry_out(self, operation: dict[str, Any]) -> dict[str, Any]:
        sent_id = operation.get("id")
        result = {"op": operation["op"], "id": sent_id, "annotation": None, "problem": None}
        try:
            if operation["op"] == "create":
                annotation, is_new = self._create(operation)
            else:
                act = getattr(self, f"_{operation['op']}")
                row = readable_annotation(
                    user=signed_in(self.request), annotation_id=_uuid_or_404(sent_id)
                )
                annotation, is_new = self._settled(act, row, operation), False
        except Exception as error:
            problem = problems.problem_of(error, instance=self.request.path)
            if problem is None:
                raise
            return result | {"status": problem["status"], "problem": problem}
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return result | {"status": code, "annotation": self.get_serializer(annotation).data}

    def _settled(
        self, act: Callable[[Annotation, Any], Annotation], row: Annotation, data: Any
    ) -> Annotation:
        try:
            return act(row, data)
        except VersionConflictError as error:
            raise self._conflict(error, data) from error

    def _conflict(self, error: VersionConflictError, sent: Any) -> problems.VersionConflict:
        current = (
            error.current
            and AnnotationSerializer(error.current, context=self.get_serializer_context()).data
        )
        return problems.VersionConflict(str(error), current=current, sent=sent)

    def _create(self, data: Any) -> tuple[Annotation, bool]:
        valid = _valid(DrawSerializer, data)
        user = signed_in(self.request)
        images = Image.objects.select_related("series__study", "patient")
        image = get_visible_or_404(images, user, pk=valid["image"])
        analysis = None
        if valid["from_analysis"] is not None:
            analyses = Analysis.objects.filter(image=image)
            analysis = get_visible_or_404(analyses, user, pk=valid["from_analysis"])
            if not ai_visible(user=user, study=image.study):
                raise problems.exceptions.NotFound
        try:
            return create_annotation(
                user=user,
                image=image,
                annotation_id=valid["id"],
                geometry=valid["geometry"],
                label=valid["label"],
                note=valid["note"],
                from_analysis=analysis,
            )
        except VersionConflictError as error:
            raise self._conflict(error, data) from error

    def _revise(self, row: Annotation, data: Any) -> Annotation:
        valid = _valid(ReviseSerializer, data)
        version = valid.pop("version")
        return revise_annotation(
            user=signed_in(self.request), annotation=row, version=version, changes=valid
        )

    def _hide(self, row: Annotation, data: Any) -> Annotation:
        version = _valid(VersionSerializer, data)["version"]
        return hide_annotation(user=signed_in(self.request), annotation=row, version=version)

    def _unhide(self, row: Annotation, data: Any) -> Annotation:
        version = _valid(VersionSerializer, data)["version"]
        return unhide_annotation(user=signed_in(self.request), annotation=row, version=version)

    def _restore(self, row: Annotation, data: Any) -> Annotation:
        valid = _valid(RestoreSerializer, data)
        return restore_annotation(
            user=signed_in(self.request),
            annotation=row,
            version=valid["version"],
            to=valid["restore"],
        )


def _valid(serializer: Any, data: Any) -> dict[str, Any]:
    form = serializer(data=data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _uuid_or_404(raw: object) -> UUID:
    try:
        return UUID(str(raw))
    except ValueError as error:
        raise problems.exceptions.NotFound from error
