"""Tokens of the API, in the header as `Token` or, as most DICOMweb clients send them, `Bearer`."""

from typing import Any

from scans.api.core.authentication import TokenAuthentication


class BearerTokenAuthentication(TokenAuthentication):
    """The same tokens, called by their name in RFC 6750."""

    def authenticate_header(self, request: Any) -> str:
        """Return what stands before the token."""
        return "Bearer"
