import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from accounts.models import AuditEvent, User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tokens import create_token

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"
NEW_PASSWORD = "seven green lanterns"


def sign_in(client, name: str, password: str = PASSWORD):
    return client.post(LOGIN, {"login": name, "password": password})


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def latest(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("id")


@pytest.mark.parametrize("name", ["anna", "ANNA", " anna ", "anna@clinic.example"])
def test_people_sign_in_with_username_or_address_in_any_case(client, name):
    UserFactory(username="Anna", email="Anna@Clinic.example")

    response = sign_in(client, name)

    assert (response.status_code, response.url) == (302, reverse("home"))
    assert latest("account.signed_in").address == "127.0.0.1"


def test_after_a_wrong_password_it_is_the_password_that_is_typed_anew(client):
    def focused(response):
        fields = re.findall(r"<input[^>]*>", response.content.decode())
        return [re.findall(r'name="(\w+)"', one)[0] for one in fields if "autofocus" in one]

    UserFactory(username="anna")
    assert focused(client.get(LOGIN)) == ["login"]
    refused = sign_in(client, "anna", "wrong")
    assert focused(refused) == ["password"]
    assert 'value="anna"' in refused.content.decode()


def test_a_page_asked_for_before_is_where_sign_in_leads(client):
    UserFactory(username="anna")

    redirect = client.get("/account/tokens/")
    assert redirect.url == f"{LOGIN}?next=/account/tokens/"
    response = client.post(
        LOGIN, {"login": "anna", "password": PASSWORD, "next": "/account/tokens/"}
    )
    assert response.url == "/account/tokens/"


def test_sign_in_leads_to_no_other_site(client):
    UserFactory(username="anna")

    response = client.post(
        LOGIN, {"login": "anna", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == reverse("home")


@pytest.mark.parametrize(
    "path",
    [
        *["/account/", "/account/tokens/", "/account/sessions/", "/account/email/"],
        *["/account/password/change/", "/account/reauthenticate/", "/admin/"],
        "/admin/accounts/user/",
    ],
)
def test_who_is_not_signed_in_is_asked_to(client, path):
    response = client.get(path, follow=True)

    assert response.redirect_chain[-1][0].startswith(LOGIN)
    assert response.status_code == 200


def test_a_wrong_password_is_told_in_a_sentence_and_recorded_for_the_account(client):
    person = UserFactory(username="anna")

    response = sign_in(client, "anna", "wrong")

    assert "do not belong together" in response.content.decode()
    event = latest("account.sign_in_failed")
    assert (event.clinic_id, event.object_id) == (person.clinic_id, str(person.pk))
    assert (event.actor, event.address) == (None, "127.0.0.1")


def test_an_unknown_name_is_not_kept_but_its_address_is(client):
    sign_in(client, "hunter2-typed-into-the-wrong-field", "wrong")

    event = latest("account.sign_in_failed")
    assert event.chain_id == "system"
    assert event.address == "127.0.0.1"
    assert event.detail == {"account": "unknown"}
    assert "hunter2" not in repr(list(AuditEvent.objects.values()))


def test_unknown_and_known_names_get_the_same_answer(client):
    UserFactory(username="anna")

    responses = [sign_in(client, name, "wrong").content.decode() for name in ("anna", "otto")]

    same = [re.sub(r'value="(anna|otto|\w{64})"', "", response) for response in responses]
    assert same[0] == same[1]


def test_too_many_failures_are_stopped_also_for_the_right_password(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {}
    cache.clear()
    UserFactory(username="anna")

    for _ in range(5):
        sign_in(client, "anna", "wrong")
    response = sign_in(client, "anna")

    assert response.status_code == 200
    assert "Wait five minutes" in response.content.decode()
    cache.clear()


def test_too_many_tries_from_one_address_get_a_page_that_says_so(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    cache.clear()

    responses = [sign_in(client, f"name{number}", "wrong") for number in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 429]
    assert "Wait a few minutes" in responses[-1].content.decode()
    cache.clear()


def test_a_deactivated_account_is_told_whom_to_ask(client):
    UserFactory(username="anna", inactive=True)

    response = client.post(LOGIN, {"login": "anna", "password": PASSWORD}, follow=True)

    assert response.redirect_chain[-1][0] == "/account/inactive/"
    assert "Ask your clinic administrator" in response.content.decode()
    assert latest("account.sign_in_failed").detail == {"account": "deactivated"}


def test_sign_out_needs_a_click_and_is_recorded(client):
    UserFactory(username="anna")
    sign_in(client, "anna")

    assert client.get("/account/logout/").status_code == 200
    assert client.get("/account/").status_code == 200

    response = client.post("/account/logout/")
    assert response.url == LOGIN
    assert client.get("/account/").status_code == 302
    assert actions()[-1] == "account.signed_out"


def test_nobody_signs_up(client):
    response = client.post(
        "/account/signup/",
        {"username": "eve", "email": "e@x.example", "password1": PASSWORD, "password2": PASSWORD},
    )

    page = response.content.decode()
    assert "Accounts are made by your clinic" in page
    assert "choose your own password" in page  # an administrator gives nobody one
    assert "password they give" not in page
    assert not User.objects.filter(username="eve").exists()


def test_changing_the_password_keeps_this_session_and_ends_the_others(client, django_user_model):
    from django.test import Client

    UserFactory(username="anna")
    other = Client()
    sign_in(client, "anna")
    sign_in(other, "anna")

    response = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )

    assert response.url == "/account/"
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert actions()[-1] == "account.password_changed"
    assert "your password was changed" in mail.outbox[-1].subject


def test_the_wrong_old_password_is_an_error_tied_to_its_field(client):
    client.force_login(UserFactory())

    page = client.post(
        "/account/password/change/",
        {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ).content.decode()

    field = re.search(r'<input[^>]*name="oldpassword"[^>]*>', page)[0]
    assert 'aria-invalid="true"' in field
    assert "id_oldpassword_error" in field
    assert 'id="id_oldpassword_error"' in page


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (LOGIN, {"login": "username", "password": "current-password"}),
        ("/account/password/reset/", {"email": "email"}),
        (
            "/account/password/change/",
            {
                "oldpassword": "current-password",
                "password1": "new-password",
                "password2": "new-password",
            },
        ),
        ("/account/reauthenticate/", {"password": "current-password"}),
    ],
)
def test_password_managers_know_every_field(client, path, fields):
    if path not in (LOGIN, "/account/password/reset/"):
        client.force_login(UserFactory())

    page = client.get(path).content.decode()

    for name, purpose in fields.items():
        field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
        assert f'autocomplete="{purpose}"' in field
        assert "placeholder" not in field
    assert "onpaste" not in page


# --- Reset by email ------------------------------------------------------------------------------


def ask_for_reset(client, address: str) -> str:
    response = client.post("/account/password/reset/", {"email": address}, follow=True)
    assert response.redirect_chain[-1][0] == "/account/password/reset/done/"
    return response.content.decode()


def link_in_mail() -> str:
    return re.search(r"http://testserver(\S+)", mail.outbox[-1].body)[1]


def test_a_forgotten_password_is_reset_by_a_link(client):
    person = UserFactory(username="anna", email="anna@clinic.example")
    create_token(user=person)
    ask_for_reset(client, "Anna@clinic.example")
    assert mail.outbox[-1].subject == "NeuroScan: choose a new password"

    form = client.get(link_in_mail(), follow=True)
    assert "Choose a new password" in form.content.decode()
    client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert sign_in(client, "anna", NEW_PASSWORD).status_code == 302
    assert person.auth_token_set.count() == 0
    assert "account.password_reset" in actions()


def test_a_link_works_once(client):
    UserFactory(email="anna@clinic.example")
    ask_for_reset(client, "anna@clinic.example")
    link = link_in_mail()
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert "This link does not work anymore" in client.get(link, follow=True).content.decode()


def test_the_answer_to_an_unknown_address_is_the_same_and_no_mail_is_sent(client):
    UserFactory(email="anna@clinic.example")

    known = ask_for_reset(client, "anna@clinic.example")
    sent = len(mail.outbox)
    unknown = ask_for_reset(client, "nobody@elsewhere.example")

    assert known == unknown
    assert len(mail.outbox) == sent


class ServerIsAway:
    def __init__(self, *args, **kwargs) -> None:
        raise ConnectionRefusedError


def test_a_mail_server_that_is_away_neither_breaks_pages_nor_tells_who_has_an_account(
    client, settings
):
    settings.EMAIL_BACKEND = f"{__name__}.ServerIsAway"
    person = UserFactory(email="anna@clinic.example")

    assert ask_for_reset(client, "anna@clinic.example") == ask_for_reset(client, "b@x.example")
    client.force_login(person)
    response = client.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert response.status_code == 302


def test_a_deactivated_account_gets_no_link(client):
    UserFactory(email="anna@clinic.example", inactive=True)
    ask_for_reset(client, "anna@clinic.example")
    assert mail.outbox == []


def test_the_administrators_correction_of_an_address_ends_the_old_one(client):
    person = UserFactory(email="old@clinic.example")
    ask_for_reset(client, "old@clinic.example")
    mail.outbox.clear()

    person.email = "new@clinic.example"
    person.save()

    ask_for_reset(client, "old@clinic.example")
    assert mail.outbox == []
    ask_for_reset(client, "new@clinic.example")
    assert mail.outbox[-1].to == ["new@clinic.example"]
