"""The people of a clinic: invited, changed, closed and opened again, by its administrators."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from knox.models import AuthToken

from accounts import people
from accounts.administrators_page import administrators_page
from accounts.invitations import (
    Invitation,
    invite_person,
    mailed_sentence,
    send_password_link,
)
from accounts.models import User
from accounts.outbox import has_mail_server
from accounts.password_links import DAYS
from accounts.people_forms import InvitationForm, PersonForm
from accounts.policy import Action, get_visible_or_404, require
from accounts.posting import posted_from
from accounts.requests import signed_in
from accounts.tokens import revoke_token, working_tokens


@require_safe
@administrators_page
def clinic_people(request: HttpRequest) -> HttpResponse:
    """Show everybody of the clinic, those with a closed account last."""
    clinic = people.managed_clinic(signed_in(request))
    rows = User.objects.visible_to(signed_in(request)).filter(clinic=clinic)
    rows = rows.annotate(token_count=Count("auth_token_set"))
    ordered = rows.order_by("-is_active", "last_name", "first_name", "username")
    return render(request, "accounts/people/list.html", {"people": ordered, "clinic": clinic})


@require_http_methods(["GET", "POST"])
@administrators_page
def person_invite(request: HttpRequest) -> HttpResponse:
    """Invite a person: make the account, and the link by which they set a password."""
    clinic = people.managed_clinic(signed_in(request))
    form = InvitationForm(request.POST or None, needs_address=has_mail_server())
    if request.method == "POST" and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in form.fields}
        try:
            return _made(
                request, invite_person(user=signed_in(request), clinic=clinic, **facts), new=True
            )
        except ValidationError as error:
            form.refuse(error, now=None)
    context = {"form": form, "is_mailed": has_mail_server(), "days": DAYS}
    return render(request, "accounts/people/invite.html", context, status=_status(form))


@require_http_methods(["GET", "POST"])
@administrators_page
def person(request: HttpRequest, user_id: str) -> HttpResponse:
    """Show a person, and change their name, addresses or role."""
    one = _person(request, user_id)
    own = one == signed_in(request)
    form = PersonForm(request.POST or None, instance=one, own=own)
    if request.method == "POST" and form.is_valid():
        stored = User.objects.get(pk=one.pk)
        try:
            people.edit_person(
                user=signed_in(request), person=stored, seen=form.seen, **form.changes
            )
        except ValidationError as error:
            form.refuse(error, now=User.objects.get(pk=one.pk))
        else:
            messages.success(request, f"The changes to {stored} are saved.")
            return redirect("clinic-person", user_id=one.pk)
    shown = User.objects.get(pk=one.pk)  # a form that was refused has changed its own row
    context = {
        "form": form,
        "person": shown,
        "own": own,
        "tokens": working_tokens(shown),
        "is_invited": not shown.has_usable_password(),
        "is_mailed": has_mail_server(),
    }
    return render(request, "accounts/people/person.html", context, status=_status(form))


@posted_from("clinic-person")
@administrators_page
def person_link(request: HttpRequest, user_id: str) -> HttpResponse:
    """Make a link by which the person sets a new password."""
    one = _person(request, user_id)
    try:
        return _made(request, send_password_link(user=signed_in(request), person=one))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("clinic-person", user_id=one.pk)


@require_POST
@administrators_page
def person_close(request: HttpRequest, user_id: str) -> HttpResponse:
    """Close an account: sessions and tokens end, what the person recorded stays."""
    return _switched(request, user_id, people.deactivate_person, "The account of {} is closed.")


@require_POST
@administrators_page
def person_open(request: HttpRequest, user_id: str) -> HttpResponse:
    """Open a closed account again."""
    return _switched(request, user_id, people.reactivate_person, "The account of {} is open again.")


@require_POST
@administrators_page
def person_sign_out(request: HttpRequest, user_id: str) -> HttpResponse:
    """End a person's sessions and tokens."""
    return _switched(request, user_id, people.sign_out_everywhere, "{} is signed out everywhere.")


@require_POST
@administrators_page
def person_token_revoke(request: HttpRequest, user_id: str, token_key: str) -> HttpResponse:
    """Revoke an API token of a person."""
    one = _person(request, user_id)
    token = AuthToken.objects.filter(user=one, token_key=token_key).first()
    if token is None:
        raise Http404("This person has no such token.")
    revoke_token(user=signed_in(request), token=token)
    messages.success(request, f"The token {token_key[:8]}… is revoked.")
    return redirect("clinic-person", user_id=one.pk)


def _switched(
    request: HttpRequest, user_id: str, write: Callable[..., Any], sentence: str
) -> HttpResponse:
    one = _person(request, user_id)
    try:
        write(user=signed_in(request), person=one)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, sentence.format(one))
    return redirect("clinic-person", user_id=one.pk)


def _made(request: HttpRequest, invitation: Invitation, *, new: bool = False) -> HttpResponse:
    """Say that the link is mailed; or show it in this response, and nowhere else."""
    if invitation.is_mailed:
        messages.success(request, mailed_sentence(invitation.person))
        return redirect("clinic-person", user_id=invitation.person.pk)
    link = request.build_absolute_uri(invitation.path)
    context = {"person": invitation.person, "link": link, "days": DAYS, "new": new}
    return render(request, "accounts/people/link.html", context)


def _person(request: HttpRequest, user_id: str) -> User:
    one = get_visible_or_404(User.objects.all(), signed_in(request), pk=user_id)
    require(signed_in(request), Action.MANAGE_PEOPLE, one)
    return one


def _status(form: PersonForm) -> int:
    return 422 if form.is_bound and form.errors else 200
