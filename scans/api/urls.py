"""Below /api/."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from scans.api.views.analyses import AnalysisViewSet
from scans.api.views.documentation import DocumentationView, NothingHereView, SchemaView
from scans.api.views.images import ImageViewSet
from scans.api.views.patients import PatientViewSet
from scans.api.views.releases import ModelReleaseViewSet
from scans.api.views.studies import StudyViewSet
from scans.api.views.tokens import RevokeTokenView, TokenView

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet, basename="patient")
router.register("studies", StudyViewSet, basename="study")
router.register("images", ImageViewSet, basename="image")
router.register("analyses", AnalysisViewSet, basename="analysis")
router.register("model-releases", ModelReleaseViewSet, basename="model-release")

urlpatterns = [
    path("v1/auth/token/", TokenView.as_view(), name="token"),
    path("v1/auth/token/revoke/", RevokeTokenView.as_view(), name="token-revoke"),
    path("v1/", include(router.urls)),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocumentationView.as_view(), name="docs"),
    re_path(r"", NothingHereView.as_view(), name="nothing-here"),
]
