"""Below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from scans.api.analyses.release_views import ModelReleaseViewSet
from scans.api.analyses.views import AnalysisViewSet
from scans.api.annotations.layer_views import (
    AnnotationExportView,
    AnnotationImportView,
    AnnotationLabelsView,
    ImageAnnotationsView,
    StudyAnnotationsView,
)
from scans.api.annotations.views import AnnotationViewSet
from scans.api.core.documentation import DocumentationView, NothingHereView, SchemaView
from scans.api.core.tokens import RevokeTokenView, TokenView
from scans.api.patients.views import PatientViewSet
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
        "v1/studies/<uuid:pk>/viewer/",
        StudyViewerView.as_view({"get": "retrieve"}),
        name="study-viewer",
    ),
    path(
        "v1/series/<uuid:pk>/acquisition/",
        SeriesAcquisitionView.as_view({"patch": "partial_update"}),
        name="series-acquisition",
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
        for name in ("draft", "commit", "sign", "amend")
    ),
    path("v1/", include(router.urls)),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocumentationView.as_view(), name="docs"),
    re_path(r"", NothingHereView.as_view(), name="nothing-here"),
]
