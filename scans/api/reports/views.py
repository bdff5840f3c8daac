from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.password_age import note_password, password_given_at
from accounts.policy import get_visible_or_404
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core import problems
from scans.api.core.in_person import refuse_token
from scans.api.core.views import AnyFile, ClinicRows, FoundRows
from scans.api.reading.signatures import contradictions_as_problem, despite_of
from scans.api.reading.views import shown_statements_of, verdict_input_of
from scans.api.reports.serializers import (
    AmendReportSerializer,
    InsertTemplateSerializer,
    RenewLinesSerializer,
    ReportSerializer,
    ReportSummarySerializer,
    ReportTemplateSerializer,
    SaveReportSerializer,
    SignReportSerializer,
    StartReportSerializer,
)
from scans.models import Report, ReportTemplate, Study
from scans.services.reports import drafting as service
from scans.services.reports.content import templates_of
from scans.services.reports.files import deliver_report
from scans.services.reports.filters import ReportFilterSet
from scans.services.reports.signer import Signer
from scans.services.reports.signing import StatedAnewError, sign_report
from scans.services.reports.verdict_with_report import VerdictToSign

_ROWS = Report.objects.select_related(
    "study__patient__clinic", "study__clinic", "author", "superseded_by"
)


@extend_schema_view(
    list=extend_schema(
        summary="Find reports",
        description="Without those that are withheld from you: see read-first and blind reads.",
        responses=ReportSummarySerializer(many=True),
    ),
    retrieve=extend_schema(summary="Show a report"),
)
class ReportViewSet(FoundRows):
    read_event = audit_events.REPORT_READ
    listed_event = audit_events.REPORT_LISTED
    queryset = _ROWS
    serializer_class = ReportSerializer
    filterset_class = ReportFilterSet.for_api()
    ordering_fields = ["begun_at", "signed_at"]
    ordering = ["-begun_at"]

    def get_queryset(self) -> Any:
        readable = service.readable_reports(user=signed_in(self.request))
        rows = self.queryset.filter(pk__in=readable.values("pk"))
        return rows.with_caveats().with_changes()

    def get_serializer_class(self) -> Any:
        return ReportSummarySerializer if self.action == "list" else ReportSerializer

    def get_object(self) -> Report:
        report: Report = super().get_object()
        service.require_readable(user=signed_in(self.request), study=report.study)
        return report

    @extend_schema(
        summary="Save a draft",
        description=(
            "A change names the `revision` that it was made from. Where somebody saved meanwhile "
            "nothing is written, and the 409 holds both sides in `current` and `sent`."
        ),
        request=SaveReportSerializer,
        responses=ReportSerializer,
    )
    def partial_update(self, request: Request, pk: Any) -> Response:
        valid = self._valid_data(SaveReportSerializer)
        revision = valid.pop("revision")
        if "figures" in valid:
            valid["figures"] = [str(one) for one in valid["figures"]]
        try:
            saved = service.save_report(
                user=signed_in(request), report=self.get_object(), revision=revision, changes=valid
            )
        except service.ReportConflictError as error:
            raise self._conflict(error, sent=request.data) from error
        return self._respond(saved)

    @extend_schema(
        summary="Insert a template into a draft",
        description="Adds its texts to the sections that do not have them; nothing is replaced.",
        request=InsertTemplateSerializer,
        responses=ReportSerializer,
    )
    @action(detail=True, methods=["post"], url_path="insert-template")
    def insert_template(self, request: Request, pk: Any) -> Response:
        user, report = signed_in(request), self.get_object()
        valid = self._valid_data(InsertTemplateSerializer)
        template = get_visible_or_404(
            templates_of(report.study.clinic_id), user, pk=valid["template"]
        )
        try:
            saved = service.insert_template(
                user=user, report=report, revision=valid["revision"], template=template
            )
        except service.ReportConflictError as error:
            raise self._conflict(error, sent={"revision": valid["revision"]}) from error
        return self._respond(saved)

    @extend_schema(
        summary="Renew the generated lines of a draft",
        description=(
            "The lines of the AI statement, of annotations and of the comparison, and the figures, "
            "as they would be generated now. What was written by hand stays."
        ),
        request=RenewLinesSerializer,
        responses=ReportSerializer,
    )
    @action(detail=True, methods=["post"], url_path="renew-lines")
    def renew_lines(self, request: Request, pk: Any) -> Response:
        valid = self._valid_data(RenewLinesSerializer)
        try:
            saved = service.renew_lines(
                user=signed_in(request), report=self.get_object(), revision=valid["revision"]
            )
        except service.ReportConflictError as error:
            raise self._conflict(error, sent={"revision": valid["revision"]}) from error
        return self._respond(saved)

    @extend_schema(
        summary="Sign a draft",
        description=(
            "It is final then, and its PDF is made, for good. Your open verdict on the study is "
            "signed with it, with what `verdict` holds; a report is not signed without one. In a "
            "session of your own: an API token signs nothing (403). What the AI states by now "
            "and the text does not have is a 409 that lists it in `statements`; send these "
            "back in `noticed` once they were read. What contradicts itself is a 409 that lists it "
            "in `contradictions`; send these back with a sentence in `contradiction_note` to sign "
            "all the same."
        ),
        request=SignReportSerializer,
        responses=ReportSerializer,
    )
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: Any) -> Response:
        self.require_writable()
        refuse_token(request)
        valid = self._valid_data(SignReportSerializer)
        try:
            with contradictions_as_problem():
                signed = sign_report(
                    user=signed_in(request),
                    report=self.get_object(),
                    revision=valid["revision"],
                    signer=Signer(
                        valid["password"],
                        password_given_at(request),
                        note=partial(note_password, request),
                    ),
                    noticed=valid["noticed"],
                    despite=despite_of(valid),
                    entered=_entered(valid.get("verdict")),
                )
        except StatedAnewError as error:
            raise problems.StatedAnew(str(error), statements=error.statements) from error
        except service.ReportConflictError as error:
            raise self._conflict(error, sent={"revision": valid["revision"]}) from error
        return self._respond(signed)

    @extend_schema(
        summary="Begin an amendment of a signed report",
        description="A draft that supersedes it once it is signed, with a reason.",
        request=AmendReportSerializer,
        responses={201: ReportSerializer},
    )
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, pk: Any) -> Response:
        valid = self._valid_data(AmendReportSerializer)
        report = service.amend_report(user=signed_in(request), report=self.get_object(), **valid)
        return self._respond(report, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Discard a draft",
        description="What was written stays readable; another draft can be begun.",
        request=None,
        responses=ReportSerializer,
    )
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: Any) -> Response:
        return self._respond(
            service.discard_report(user=signed_in(request), report=self.get_object())
        )

    @extend_schema(
        summary="Download the PDF of a signed report",
        responses={
            (200, "application/pdf"): OpenApiResponse(
                OpenApiTypes.BINARY, "The bytes that were made as it was signed."
            )
        },
    )
    @action(detail=True, renderer_classes=[AnyFile])
    def pdf(self, request: Request, pk: Any) -> HttpResponseBase:
        return deliver_report(user=signed_in(request), report=self.get_object())

    def _valid_data(self, serializer: Any) -> dict[str, Any]:
        # Who may not write at all is refused before the body is validated.
        self.require_writable()
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def require_writable(self) -> None:
        service.require_writable(user=signed_in(self.request), study=self.get_object().study)

    def _respond(self, report: Report, code: int = status.HTTP_200_OK) -> Response:
        body = self.get_serializer(self.queryset.get(pk=report.pk)).data
        headers = {"Location": str(body["url"])} if code == status.HTTP_201_CREATED else None
        return Response(body, code, headers=headers)

    def _conflict(
        self, error: service.ReportConflictError, *, sent: Any
    ) -> problems.VersionConflict:
        current = self.get_serializer(self.queryset.get(pk=error.current.pk)).data
        return problems.VersionConflict(str(error), current=current, sent=sent)


def _entered(data: dict[str, Any] | None) -> VerdictToSign | None:
    if data is None:
        return None
    return VerdictToSign(
        verdict_input_of(data), data["layers"], data.get("shown"), shown_statements_of(data)
    )


class StudyReportView(ClinicRows):
    read_event = audit_events.REPORT_READ
    queryset = Study.objects.select_related("patient__clinic", "clinic")
    serializer_class = ReportSerializer
    filter_backends = []

    @extend_schema(
        summary="Begin a study's report",
        description=(
            "From a template, the verdicts and the annotations. Where there is a draft already, "
            "that one is returned, with 200."
        ),
        request=StartReportSerializer,
        responses={200: ReportSerializer, 201: ReportSerializer},
    )
    def create(self, request: Request, pk: Any) -> Response:
        user, study = signed_in(request), self.get_object()
        service.require_writable(user=user, study=study)
        form = StartReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        template: ReportTemplate | None = None
        if chosen := form.validated_data["template"]:
            template = get_visible_or_404(templates_of(study.clinic_id), user, pk=chosen)
        has_draft = Report.objects.filter(study=study).preliminary().exists()
        report = service.start_report(user=user, study=study, template=template)
        body = self.get_serializer(_ROWS.get(pk=report.pk)).data
        if has_draft:
            self.record_read(report)
            return Response(body)
        return Response(body, status.HTTP_201_CREATED, headers={"Location": str(body["url"])})


@extend_schema_view(
    list=extend_schema(summary="List the clinic's report templates"),
    retrieve=extend_schema(summary="Show a report template"),
)
class ReportTemplateViewSet(mixins.ListModelMixin, ClinicRows):
    serializer_class = ReportTemplateSerializer
    queryset = ReportTemplate.objects.filter(is_active=True)
    filter_backends = []

    def record_read(self, row: Any) -> None:
        """Record nothing: a template is about no patient."""
