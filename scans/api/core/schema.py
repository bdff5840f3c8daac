"""What drf-spectacular cannot read off the views. `settings.REST_FRAMEWORK` names `ApiSchema`."""

from typing import Any

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.openapi import AutoSchema

from scans.api.core.problems import MEDIA_TYPE
from scans.api.core.serializers import ProblemSerializer


class ApiSchema(AutoSchema):
    """Adds to every operation the problem that it may return."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            problem = self.resolve_serializer(ProblemSerializer, "response").ref
            operation["responses"]["default"] = {
                "description": "A problem (RFC 9457).",
                "content": {MEDIA_TYPE: {"schema": problem}},
            }
        return operation


class TokenScheme(KnoxTokenScheme):
    target_class = "scans.api.core.authentication.TokenAuthentication"
    name = "token"
