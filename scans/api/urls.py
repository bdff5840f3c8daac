"""Below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from scans.api.analyses.release_views import ModelReleaseViewSet
from scans.api.analyses.series_views import SeriesAnalyzeView
from scans.api.analyses.views import AnalysisViewSet
from scans.api.annotations.layer_views import (
    AnnotationExportView,
    AnnotationImportView,
    AnnotationLabelsView,
    ImageAnnotationsView,
    StudyAnnotationsView,
)
from scans.api.annotations.reader_tool_views import (
    CalibrationView,
    ImageCalibrationView,
    KeyImageView,
    StudyCalibrationsView,
    StudyKeyImagesView,
)
from scans.api.annotations.views import AnnotationViewSet
from scans.api.core.documentation import DocumentationView, NothingHereView, SchemaView
from scans.api.core.notification_views import NotificationViewSet
from scans.api.core.people_views import PersonViewSet
from scans.api.core.tokens import RevokeTokenView, TokenView
from scans.api.patients.views import PatientViewSet
from scans.api.reading.comparison_views import ComparisonsView
from scans.api.reading.critical_finding_views import CriticalFindingViewSet
from scans.api.reading.hanging_protocol_views import HangingProtocolViewSet
from scans.api.reading.new_images_views import NewImagesView
from scans.api.reading.reason_views import ReasonViewSet
from scans.api.reading.saved_view_views import SavedViewViewSet
from scans.api.reading.viewer_views import FrameView, StudyViewerView, ViewerPreferencesView
from scans.api.reading.views import StudyReadingViewSet, VerdictViewSet
from scans.api.reading.worklist_views import WorklistViewSet
from scans.api.reports.timeline_views import PatientTimelineViewSet
from scans.api.reports.views import ReportTemplateViewSet, ReportViewSet, StudyReportView
from scans.api.statistics.views import StatisticsViewSet
from scans.api.studies.acquisition_views import SeriesAcquisitionView
from scans.api.studies.history_views import PatientHistoryViewSet
from scans.api.studies.image_views import ImageViewSet
from scans.api.studies.order_views import SeriesOrderView
from scans.api.studies.prepare_views import StudyPrepareView
from scans.api.studies.received_views import ReceivedObjectViewSet
from scans.api.studies.record_views import (
    PatientRecordViewSet,
    RecordChangeViewSet,
    StudyRecordViewSet,
)
from scans.api.studies.views import StudyViewSet

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")
router.register("studies", StudyViewSet, basename="study")
router.register("images", ImageViewSet, basename="image")
router.register("analyses", AnalysisViewSet, basename="analysis")
router.register("annotations", AnnotationViewSet, basename="annotation")
router.register("reports", ReportViewSet, basename="report")
router.register("report-templates", ReportTemplateViewSet, basename="report-template")
router.register("model-releases", ModelReleaseViewSet, basename="model-release")

urlpatterns = [
    path("v1/auth/token/", TokenView.as_view(), name="token"),
    path("v1/auth/token/revoke/", RevokeTokenView.as_view(), name="token-revoke"),
    path(
        "v1/patients/<uuid:pk>/history/",
        PatientHistoryViewSet.as_view({"get": "history"}),
        name="patient-history",
    ),
    path(
        "v1/patients/<uuid:pk>/timeline/",
        PatientTimelineViewSet.as_view({"get": "timeline"}),
        name="patient-timeline",
    ),
    path(
        "v1/patients/<uuid:pk>/merge/",
        PatientRecordViewSet.as_view({"post": "merge"}),
        name="patient-merge",
    ),
    path(
        "v1/patients/<uuid:pk>/merge-candidates/",
        PatientRecordViewSet.as_view({"get": "candidates"}),
        name="patient-merge-candidates",
    ),
    path(
        "v1/patients/<uuid:pk>/changes/",
        PatientRecordViewSet.as_view({"get": "changes"}),
        name="patient-changes",
    ),
    path(
        "v1/studies/<uuid:pk>/correct/",
        StudyRecordViewSet.as_view({"post": "correct"}),
        name="study-correct",
    ),
    path(
        "v1/studies/<uuid:pk>/move/",
        StudyRecordViewSet.as_view({"post": "move"}),
        name="study-move",
    ),
    path(
        "v1/studies/<uuid:pk>/changes/",
        StudyRecordViewSet.as_view({"get": "changes"}),
        name="study-changes",
    ),
    path(
        "v1/record-changes/<uuid:pk>/undo/",
        RecordChangeViewSet.as_view({"post": "undo"}),
        name="record-change-undo",
    ),
    path(
        "v1/studies/<uuid:pk>/prepare/",
        StudyPrepareView.as_view({"post": "create"}),
        name="study-prepare",
    ),
    path(
        "v1/studies/<uuid:pk>/viewer/",
        StudyViewerView.as_view({"get": "retrieve"}),
        name="study-viewer",
    ),
    path(
        "v1/series/<uuid:pk>/acquisition/",
        SeriesAcquisitionView.as_view({"patch": "partial_update"}),
        name="series-acquisition",
    ),
    path(
        "v1/series/<uuid:pk>/analyze/",
        SeriesAnalyzeView.as_view({"post": "create"}),
        name="series-analyze",
    ),
    path(
        "v1/series/<uuid:pk>/order/",
        SeriesOrderView.as_view({"patch": "partial_update"}),
        name="series-order",
    ),
    path("v1/images/<uuid:pk>/frame/", FrameView.as_view({"get": "retrieve"}), name="image-frame"),
    path("v1/viewer-preferences/", ViewerPreferencesView.as_view(), name="viewer-preferences"),
    path(
        "v1/studies/<uuid:pk>/annotations/",
        StudyAnnotationsView.as_view({"get": "list"}),
        name="study-annotations",
    ),
    path(
        "v1/studies/<uuid:pk>/annotations/export/",
        AnnotationExportView.as_view({"get": "retrieve"}),
        name="study-annotations-export",
    ),
    path(
        "v1/studies/<uuid:pk>/annotations/import/",
        AnnotationImportView.as_view({"post": "create"}),
        name="study-annotations-import",
    ),
    path(
        "v1/images/<uuid:pk>/annotations/",
        ImageAnnotationsView.as_view({"get": "list"}),
        name="image-annotations",
    ),
    path(
        "v1/studies/<uuid:pk>/report/",
        StudyReportView.as_view({"post": "create"}),
        name="study-report",
    ),
    path(
        "v1/studies/<uuid:pk>/key-images/",
        StudyKeyImagesView.as_view({"get": "list"}),
        name="study-key-images",
    ),
    path(
        "v1/studies/<uuid:pk>/calibrations/",
        StudyCalibrationsView.as_view({"get": "list"}),
        name="study-calibrations",
    ),
    path("v1/images/<uuid:pk>/star/", KeyImageView.as_view({"post": "star"}), name="image-star"),
    path(
        "v1/images/<uuid:pk>/unstar/", KeyImageView.as_view({"post": "unstar"}), name="image-unstar"
    ),
    path(
        "v1/images/<uuid:pk>/calibrations/",
        ImageCalibrationView.as_view({"post": "create"}),
        name="image-calibrations",
    ),
    path(
        "v1/calibrations/<uuid:pk>/withdraw/",
        CalibrationView.as_view({"post": "withdraw"}),
        name="calibration-withdraw",
    ),
    path(
        "v1/hanging-protocols/",
        HangingProtocolViewSet.as_view({"get": "list", "post": "save"}),
        name="hanging-protocols",
    ),
    path(
        "v1/hanging-protocols/<uuid:pk>/delete/",
        HangingProtocolViewSet.as_view({"post": "remove"}),
        name="hanging-protocol-delete",
    ),
    path(
        "v1/studies/<uuid:pk>/critical-findings/",
        CriticalFindingViewSet.as_view({"get": "list", "post": "send"}),
        name="study-critical-findings",
    ),
    path(
        "v1/studies/<uuid:pk>/critical-findings/phone/",
        CriticalFindingViewSet.as_view({"post": "phone"}),
        name="study-critical-findings-phone",
    ),
    path(
        "v1/notifications/",
        NotificationViewSet.as_view({"get": "list"}),
        name="notifications",
    ),
    path(
        "v1/notifications/read/",
        NotificationViewSet.as_view({"post": "read_all"}),
        name="notifications-read",
    ),
    path(
        "v1/notifications/<uuid:pk>/read/",
        NotificationViewSet.as_view({"post": "read"}),
        name="notification-read",
    ),
    path("v1/people/", PersonViewSet.as_view({"get": "list", "post": "invite"}), name="people"),
    path(
        "v1/people/<str:pk>/",
        PersonViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="person",
    ),
    *(
        path(
            f"v1/people/<str:pk>/{name}/",
            PersonViewSet.as_view({"post": name}),
            name=f"person-{name}",
        )
        for name in ("close", "open")
    ),
    path("v1/annotation-labels/", AnnotationLabelsView.as_view(), name="annotation-labels"),
    path("v1/statistics/", StatisticsViewSet.as_view({"get": "report"}), name="statistics"),
    path("v1/worklist/", WorklistViewSet.as_view({"get": "list"}), name="worklist"),
    path("v1/worklist/next/", StudyReadingViewSet.as_view({"post": "next"}), name="worklist-next"),
    path(
        "v1/worklist/views/",
        SavedViewViewSet.as_view({"get": "list", "post": "save"}),
        name="worklist-views",
    ),
    path(
        "v1/worklist/views/<uuid:pk>/forget/",
        SavedViewViewSet.as_view({"post": "forget"}),
        name="worklist-view-forget",
    ),
    path(
        "v1/verdict-reasons/",
        ReasonViewSet.as_view({"get": "list", "post": "add"}),
        name="verdict-reasons",
    ),
    path(
        "v1/verdict-reasons/<uuid:pk>/retire/",
        ReasonViewSet.as_view({"post": "retire"}),
        name="verdict-reason-retire",
    ),
    *(
        path(
            f"v1/studies/<uuid:pk>/{name}/",
            StudyReadingViewSet.as_view({"post": name}),
            name=f"study-{name}",
        )
        for name in ("take", "release", "assign", "priority", "reads")
    ),
    path(
        "v1/studies/<uuid:pk>/comparisons/",
        ComparisonsView.as_view({"get": "list", "post": "create"}),
        name="study-comparisons",
    ),
    path(
        "v1/studies/<uuid:pk>/new-images/",
        NewImagesView.as_view({"get": "retrieve", "post": "sign"}),
        name="study-new-images",
    ),
    path(
        "v1/studies/<uuid:pk>/verdicts/",
        VerdictViewSet.as_view({"get": "list"}),
        name="study-verdicts",
    ),
    *(
        path(
            f"v1/studies/<uuid:pk>/verdicts/{name}/",
            VerdictViewSet.as_view({"post": name}),
            name=f"study-verdict-{name}",
        )
        for name in ("draft", "commit", "sign", "amend", "discard")
    ),
    path(
        "v1/received-objects/",
        ReceivedObjectViewSet.as_view({"get": "list"}),
        name="received-objects",
    ),
    path(
        "v1/received-objects/<uuid:pk>/",
        ReceivedObjectViewSet.as_view({"get": "retrieve"}),
        name="received-object",
    ),
    path(
        "v1/received-objects/<uuid:pk>/candidates/",
        ReceivedObjectViewSet.as_view(
            {"get": "candidates"}, pagination_class=None, filter_backends=[]
        ),
        name="received-object-candidates",
    ),
    *(
        path(
            f"v1/received-objects/<uuid:pk>/{name}/",
            ReceivedObjectViewSet.as_view({"post": name}),
            name=f"received-object-{name}",
        )
        for name in ("assign", "retry", "discard", "restore")
    ),
    path("v1/", include(router.urls)),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocumentationView.as_view(), name="docs"),
    re_path(r"", NothingHereView.as_view(), name="nothing-here"),
]
