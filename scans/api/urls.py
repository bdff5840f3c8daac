"""Below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from scans.api.views.analyses import AnalysisViewSet
from scans.api.views.annotation_layers import (
    AnnotationExportView,
    AnnotationImportView,
    AnnotationLabelsView,
    ImageAnnotationsView,
    StudyAnnotationsView,
)
from scans.api.views.annotations import AnnotationViewSet
from scans.api.views.documentation import DocumentationView, NothingHereView, SchemaView
from scans.api.views.images import ImageViewSet
from scans.api.views.patients import PatientViewSet
from scans.api.views.reading import StudyReadingViewSet, VerdictViewSet
from scans.api.views.reasons import ReasonViewSet
from scans.api.views.releases import ModelReleaseViewSet
from scans.api.views.reports import ReportTemplateViewSet, ReportViewSet, StudyReportView
from scans.api.views.statistics import StatisticsViewSet
from scans.api.views.studies import StudyViewSet
from scans.api.views.tokens import RevokeTokenView, TokenView
from scans.api.views.viewer import FrameView, StudyViewerView, ViewerPreferencesView
from scans.api.views.worklist import WorklistViewSet
from scans.api.views.worklist_views import SavedViewViewSet

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
        "v1/studies/<uuid:pk>/viewer/",
        StudyViewerView.as_view({"get": "retrieve"}),
        name="study-viewer",
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
