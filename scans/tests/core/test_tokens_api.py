import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.settings import api_settings
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from accounts.models import AuditEvent
from accounts.tests.factories import PASSWORD, UserFactory

TOKEN = "/api/v1/auth/token/"
REVOKE = "/api/v1/auth/token/revoke/"
PATIENTS = "/api/v1/patients/"


def ask_for_token(username, password=PASSWORD, **more):
    return APIClient().post(TOKEN, {"username": username, "password": password}, **more)


def with_token(token) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def test_a_password_is_exchanged_for_a_token_that_opens_the_api(person):
    response = ask_for_token(person.username)
    assert response.status_code == 200
    assert set(response.data) == {"token", "expiry"}
    assert response["Cache-Control"] == "no-store"
    assert with_token(response.data["token"]).get(PATIENTS).status_code == 200


def test_a_form_is_understood_as_well(person):
    response = APIClient().post(
        TOKEN,
        f"username={person.username}&password={PASSWORD.replace(' ', '+')}",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200


def test_only_a_hash_of_the_token_is_kept(person):
    token = ask_for_token(person.username).data["token"]
    row = AuthToken.objects.get()
    assert token not in (row.digest, row.token_key)


def test_the_token_expires(person):
    token = ask_for_token(person.username).data["token"]
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert with_token(token).get(PATIENTS).status_code == 401


def test_getting_and_revoking_a_token_are_in_the_audit_trail(person):
    token = ask_for_token(person.username).data["token"]
    with_token(token).post(REVOKE)
    actions = list(AuditEvent.objects.filter(actor=person).values_list("action", flat=True))
    assert {"token.created", "token.revoked"} <= set(actions)


@pytest.mark.parametrize(
    ("username", "password"), [("nobody", PASSWORD), (None, "wrong"), (None, " " + PASSWORD)]
)
def test_wrong_credentials_give_one_answer_whatever_is_wrong(person, username, password):
    response = ask_for_token(username or person.username, password)
    assert response.status_code == 400
    assert response.json()["detail"] == "The username or the password is not right."
    assert not AuthToken.objects.exists()


def test_a_deactivated_person_gets_no_token_and_loses_the_old_one(person):
    token = ask_for_token(person.username).data["token"]
    person.is_active = False
    person.save()
    assert with_token(token).get(PATIENTS).status_code == 401
    assert ask_for_token(person.username).status_code == 400


@pytest.mark.parametrize("body", [{}, {"username": "a"}, {"password": "b"}, [1], "x"])
def test_missing_credentials_are_field_errors(db, body):
    response = APIClient().post(TOKEN, body, format="json")
    assert response.status_code == 400
    assert response.json()["errors"]


def test_attempts_are_limited_for_each_address(person, monkeypatch):
    monkeypatch.setattr(
        ScopedRateThrottle,
        "THROTTLE_RATES",
        api_settings.DEFAULT_THROTTLE_RATES | {"sign-in": "2/min"},
    )
    cache.clear()
    responses = [ask_for_token(person.username, "wrong").status_code for _ in range(3)]
    assert responses == [400, 400, 429]
    cache.clear()


@override_settings(ACCOUNT_RATE_LIMITS={"login_failed": "2/m/key"})
def test_failed_attempts_are_limited_for_each_account_whatever_the_address(person):
    cache.clear()
    responses = [
        ask_for_token(person.username, "wrong", REMOTE_ADDR=f"192.0.2.{n}").status_code
        for n in range(3)
    ]
    assert responses == [400, 400, 429]
    cache.clear()


def test_revoking_ends_the_token_in_use_and_no_other(person):
    first, second = (with_token(ask_for_token(person.username).data["token"]) for _ in range(2))
    assert first.post(REVOKE).status_code == 204
    assert first.get(PATIENTS).status_code == 401
    assert second.get(PATIENTS).status_code == 200


def test_revoking_without_a_token_says_what_to_send(person):
    client = APIClient()
    client.force_login(person)
    response = client.post(REVOKE)
    assert response.status_code == 400
    assert "Authorization" in response.json()["detail"]


@pytest.mark.parametrize(
    "header",
    ["Token", "Token a b", "Token nonsense", "Token \xff\xfe", "Bearer x", "Token " + "a" * 64],
)
def test_a_broken_authorization_header_is_a_401_with_a_challenge(db, header):
    response = APIClient().get(PATIENTS, HTTP_AUTHORIZATION=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert response["Content-Type"] == "application/problem+json"


def test_a_broken_header_does_not_stop_anyone_from_signing_in(person):
    assert ask_for_token(person.username, HTTP_AUTHORIZATION="Token old").status_code == 200


def test_a_session_opens_the_api_and_its_writes_need_the_csrf_token(person):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.get(PATIENTS).status_code == 200
    body = {"mrn": "A-1", "family_name": "Testcase"}
    refused = client.post(PATIENTS, body)
    assert refused.status_code == 403
    assert re.search("CSRF", refused.json()["detail"])
    client.cookies["csrftoken"] = "a" * 32
    accepted = client.post(PATIENTS, body, HTTP_X_CSRFTOKEN="a" * 32)
    assert accepted.status_code == 201


def test_an_administrator_has_a_token_as_everyone_else(db):
    administrator = UserFactory(administrator=True)
    assert ask_for_token(administrator.username).status_code == 200
