"""What drf-spectacular cannot read off the views. `settings.REST_FRAMEWORK` names `ApiSchema`."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.openapi import AutoSchema

from scans.api.core.problems import MEDIA_TYPE
from scans.api.core.serializers import ProblemSerializer


class ApiSchema(AutoSchema):
    """Adds to every operation the problem that it may return; object headers are JSON."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            problem = self.resolve_serializer(ProblemSerializer, "response").ref
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457).",
                "content": {MEDIA_TYPE: {"schema": problem}},
            }
            for response in operation["responses"].values():
                for header in response.get("headers", {}).values():
                    _say_that_it_is_json(header)
        return operation


def _say_that_it_is_json(header: dict[str, Any]) -> None:
    """A header that is an object comes as JSON, not as OpenAPI's own list of names and values."""
    if "$ref" in header["schema"]:
        header["content"] = {"application/json": {"schema": header.pop("schema")}}


class TokenScheme(KnoxTokenScheme):
    target_class = "scans.api.core.authentication.TokenAuthentication"
    name = "token"
