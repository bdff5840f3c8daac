"""Pages of one's own account and API tokens. Sign-in and passwords are allauth's pages."""

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import user_pk_to_url_str
from allauth.account.views import password_reset_from_key
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from knox.models import AuthToken

from accounts.password_proof import link_sentence
from accounts.requests import signed_in
from accounts.tokens import create_token, revoke_token, working_tokens


@never_cache
@require_safe
def account_home(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return render(
        request,
        "accounts/home.html",
        {
            "token_count": working_tokens(signed_in(request)).count(),
            "last_link": link_sentence(signed_in(request)),
        },
    )


@never_cache
@require_safe
def account_tokens(request: HttpRequest) -> HttpResponse:
    """Show one's own API tokens."""
    return _tokens_page(request)


# A token outlives the session, so whoever finds an unlocked screen must not be able to take one.
@reauthentication_required(allow_get=True, app="allauth.account")
@never_cache
@require_http_methods(["GET", "POST"])
def token_create(request: HttpRequest) -> HttpResponse:
    """Make a token and show it on this very page: its value is in no session, cookie or URL."""
    if request.method == "GET":  # the way back from the password, when the form got lost
        return redirect("account-tokens")
    _, value = create_token(user=signed_in(request))
    return _tokens_page(request, new_value=value)


@require_POST
def token_revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    """Revoke one of one's own tokens."""
    token = AuthToken.objects.filter(user=signed_in(request), token_key=token_key).first()
    if token is None:
        raise Http404("You have no such token.")
    revoke_token(user=signed_in(request), token=token)
    messages.success(request, f"The token {token_key[:8]}… is revoked and opens nothing anymore.")
    return redirect("account-tokens")


@login_not_required
@never_cache
def password_from_link(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """Let the person of a one-time link set a password; not somebody else who is signed in.

    Whoever made the link would otherwise set it by a press. Nothing is said of whose link it is.
    """
    user = request.user
    if user.is_authenticated and user_pk_to_url_str(user) != uidb36:
        return render(request, "accounts/link_of_somebody_else.html", status=403)
    return password_reset_from_key(request, uidb36=uidb36, key=key)


def _tokens_page(request: HttpRequest, new_value: str = "") -> HttpResponse:
    return render(
        request,
        "accounts/tokens.html",
        {
            "section": "account-tokens",
            "tokens": working_tokens(signed_in(request)),
            "new_value": new_value,
        },
    )
