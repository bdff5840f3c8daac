from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError as TooManyAttempts
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import exceptions, status
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policy import Action, has_perm
from accounts.requests import signed_in
from accounts.tokens import create_token, revoke_token
from scans.api.core.parameters import CheckedQuery
from scans.api.core.parsers import JSONParser
from scans.api.core.token_serializers import CredentialsSerializer, TokenSerializer


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class TokenView(CheckedQuery):
    """Exchange a username and password for a token."""

    http_method_names = ["post"]
    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (JSONParser, FormParser)
    throttle_scope = "sign-in"

    @extend_schema(
        summary="Get a token",
        request={"application/json": CredentialsSerializer},
        responses=TokenSerializer,
    )
    def post(self, request: Request) -> Response:
        form = CredentialsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            # allauth's way in, for its limits on failed attempts: the page and the API share them.
            user = get_adapter().authenticate(request._request, **form.validated_data)
        except TooManyAttempts as error:
            raise exceptions.Throttled(
                detail="Too many failed attempts. Try again later."
            ) from error
        if user is None or not has_perm(user, Action.VIEW):
            raise exceptions.ValidationError("The username or the password is not right.")
        token, value = create_token(user=user)
        data = TokenSerializer({"token": value, "expiry": token.expiry}).data
        return Response(data, headers={"Cache-Control": "no-store"})


class RevokeTokenView(CheckedQuery):
    """End the token that this request carries."""

    http_method_names = ["post"]

    @extend_schema(summary="Revoke the token in use", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        if not isinstance(request.auth, AuthToken):
            raise exceptions.ParseError(
                "This request carries no token. Send the one to revoke in `Authorization`."
            )
        revoke_token(user=signed_in(request), token=request.auth)
        return Response(status=status.HTTP_204_NO_CONTENT)
