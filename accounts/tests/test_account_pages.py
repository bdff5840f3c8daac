import re

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from accounts import people
from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tokens import create_token

pytestmark = pytest.mark.django_db

API = "/api/v1/patients/"


@pytest.fixture
def person():
    return UserFactory(username="anna", first_name="Anna", last_name="Berg", radiologist=True)


@pytest.fixture
def signed_in(client, person):
    client.post("/account/login/", {"login": "anna", "password": PASSWORD})
    return client


def create_on_page(client) -> str:
    redirect = client.post("/account/tokens/create/")
    page = client.post(redirect.url, {"password": PASSWORD}).content.decode()
    return re.search(r'id="new-token"[^>]*value="(\w+)"', page, re.S)[1]


def with_token(value: str):
    return Client().get(API, headers={"Authorization": f"Token {value}"})


def test_the_account_page_says_who_i_am(signed_in, person):
    page = signed_in.get("/account/").content.decode()

    for text in ("Anna Berg", "anna@clinic.example", person.clinic.name, "Radiologist"):
        assert text in page


def test_a_superuser_belongs_to_no_clinic(client):
    client.force_login(UserFactory(superuser=True))
    assert "All clinics of this installation" in client.get("/account/").content.decode()


def test_a_token_needs_the_password_again(signed_in):
    response = signed_in.post("/account/tokens/create/")

    assert response.url.startswith("/account/reauthenticate/")
    assert AuthToken.objects.count() == 0


def test_a_token_is_shown_once_and_opens_the_api(signed_in, person):
    value = create_on_page(signed_in)

    assert with_token(value).status_code == 200
    again = signed_in.get("/account/tokens/").content.decode()
    assert value not in again
    assert f"{value[:8]}…" in again
    event = AuditEvent.objects.get(action="token.created")
    assert (event.actor, event.detail) == (person, {"token": value[:8]})


def test_the_page_with_the_value_is_kept_by_no_cache(signed_in):
    redirect = signed_in.post("/account/tokens/create/")
    response = signed_in.post(redirect.url, {"password": PASSWORD})

    assert "no-store" in response.headers["Cache-Control"]


def test_reloading_the_way_to_a_token_makes_none(signed_in):
    assert signed_in.get("/account/tokens/create/").url == "/account/tokens/"
    assert AuthToken.objects.count() == 0


def test_a_revoked_token_opens_nothing(signed_in, person):
    token, value = create_token(user=person)

    response = signed_in.post(f"/account/tokens/{token.token_key}/revoke/", follow=True)

    assert "is revoked" in response.content.decode()
    assert with_token(value).status_code == 401
    assert AuditEvent.objects.filter(action="token.revoked", actor=person).count() == 1


def test_nobody_revokes_or_sees_the_token_of_somebody_else(signed_in):
    token, value = create_token(user=UserFactory())

    assert signed_in.post(f"/account/tokens/{token.token_key}/revoke/").status_code == 404
    assert with_token(value).status_code == 200
    assert token.token_key[:8] not in signed_in.get("/account/tokens/").content.decode()


def test_an_expired_token_is_neither_listed_nor_good(signed_in, person):
    token, value = create_token(user=person)
    AuthToken.objects.filter(pk=token.pk).update(expiry=timezone.now())

    assert value[:8] not in signed_in.get("/account/tokens/").content.decode()
    assert with_token(value).status_code == 401


def test_revoking_by_a_link_is_not_possible(signed_in, person):
    token, _ = create_token(user=person)

    assert signed_in.get(f"/account/tokens/{token.token_key}/revoke/").status_code == 405
    assert AuthToken.objects.filter(pk=token.pk).exists()


def test_a_deactivated_person_is_out_at_once_and_stays_out_after_reactivation(signed_in, person):
    administrator = UserFactory(clinic=person.clinic, administrator=True)
    _, value = create_token(user=person)

    people.deactivate_person(user=administrator, person=person)
    assert signed_in.get("/account/").status_code == 302
    assert with_token(value).status_code == 401

    people.reactivate_person(user=administrator, person=person)
    assert signed_in.get("/account/").status_code == 302
    assert with_token(value).status_code == 401


def test_a_token_of_an_account_that_was_switched_off_elsewhere_opens_nothing(person):
    _, value = create_token(user=person)
    person.is_active = False
    person.save()

    assert with_token(value).status_code == 401


def test_sessions_are_listed_and_the_others_can_be_ended(signed_in, person):
    other = Client(
        headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"}
    )
    other.post("/account/login/", {"login": "anna", "password": PASSWORD})

    page = signed_in.get("/account/sessions/").content.decode()
    assert "Firefox on Windows" in page
    assert page.count("This one") == 1

    signed_in.post("/account/sessions/")
    assert signed_in.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302


def test_looking_at_pages_writes_the_session_once_a_minute(signed_in, django_assert_num_queries):
    from allauth.usersessions.models import UserSession

    signed_in.get("/account/")
    seen = UserSession.objects.get().last_seen_at
    signed_in.get("/account/")
    assert UserSession.objects.get().last_seen_at == seen


# --- Email address -------------------------------------------------------------------------------


def change_address(client, address: str):
    redirect = client.post("/account/email/", {"email": address, "action_add": ""})
    return client.post(redirect.url, {"password": PASSWORD}, follow=True)


def confirmation_link() -> str:
    return re.search(r"http://testserver(\S+)", mail.outbox[-1].body)[1]


def test_a_new_address_counts_once_it_is_confirmed(signed_in, person):
    change_address(signed_in, "anna.berg@clinic.example")

    person.refresh_from_db()
    assert person.email == "anna@clinic.example"
    assert (
        "anna.berg@clinic.example counts once" in signed_in.get("/account/email/").content.decode()
    )

    link = confirmation_link()
    assert "Confirm your email address" in signed_in.get(link).content.decode()
    signed_in.post(link)
    person.refresh_from_db()
    assert person.email == "anna.berg@clinic.example"
    assert AuditEvent.objects.filter(action="account.email_changed", actor=person).exists()
    assert mail.outbox[-1].to == ["anna@clinic.example"]


def test_an_address_that_was_never_confirmed_can_be_forgotten(signed_in, person):
    change_address(signed_in, "typo@clinic.example")

    forgotten = signed_in.post(
        "/account/email/", {"email": "typo@clinic.example", "action_remove": ""}, follow=True
    )
    assert "typo@clinic.example is forgotten." in forgotten.content.decode()

    person.refresh_from_db()
    assert person.email == "anna@clinic.example"
    assert "typo@" not in signed_in.get("/account/email/").content.decode()


def test_a_wrong_confirmation_link_says_what_to_do(client):
    page = client.get("/account/confirm-email/abc/").content.decode()
    assert "This link does not work anymore" in page


@pytest.mark.parametrize(
    "path",
    [
        *["login", "signup", "inactive", "confirm-email", "confirm-email/nonsense"],
        *["password/reset", "password/reset/done", "password/reset/key/done"],
        "password/reset/key/1-nonsense",
    ],
)
def test_pages_for_people_who_are_signed_out_are_ours(client, path):
    response = client.get(f"/account/{path}/")
    page = response.content.decode()

    assert response.status_code == 200
    assert "ns-plain-card" in page
    assert "not a medical device" in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize(
    "path",
    [
        *["", "tokens/", "sessions/", "email/", "password/change/", "logout/", "reauthenticate/"],
        *["confirm-email/", "inactive/"],
    ],
)
def test_pages_for_people_who_are_signed_in_are_ours(signed_in, path):
    response = signed_in.get(f"/account/{path}")
    page = response.content.decode()

    assert response.status_code == 200
    assert "ns-plain-card" in page or "ns-account-menu" in page
    assert page.count("<h1>") == 1
    assert " style=" not in page


@pytest.mark.parametrize("path", ["login/code/confirm/", "password/set/", "signup/", "login/"])
def test_ways_that_lead_nowhere_lead_back(signed_in, path):
    response = signed_in.get(f"/account/{path}", follow=True)
    assert response.status_code == 200
