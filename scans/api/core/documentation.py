"""The schema, the page that shows it, and the 404 of every other path."""

from types import SimpleNamespace
from typing import Any

from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.views import APIView

from scans.api.core.parameters import CheckedQuery
from scans.api.core.permissions import ClinicMember


class FormatInQuery(DefaultContentNegotiation):
    """`?format=json`, which is a parameter of the schema alone."""

    settings = SimpleNamespace(URL_FORMAT_OVERRIDE="format")  # type: ignore[assignment]


class SchemaView(CheckedQuery, SpectacularAPIView):
    http_method_names = ["get", "head"]
    own_parameters = ("format", "lang")
    content_negotiation_class = FormatInQuery
    permission_classes = (ClinicMember,)


# Swagger UI writes style attributes; its scripts are files of our own origin.
@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
@method_decorator(login_required, name="dispatch")
class DocumentationView(CheckedQuery, SpectacularSwaggerSplitView):
    """A browser that is not signed in goes to the sign-in page."""

    http_method_names = ["get", "head"]
    permission_classes = (ClinicMember,)
    url_name = "api:schema"
    own_parameters = ("script", "lang")


@extend_schema(exclude=True)
class NothingHereView(APIView):
    """Every other path: a problem like any other, not Django's page."""

    http_method_names: list[str] = []

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotFound
