"""The people of a clinic on its own pages: invited by a one-time link, changed, closed."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import invitations, outbox, people_pages
from accounts.models import AuditEvent, OutgoingMail, Role, User
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.stale_pages import sent_by
from accounts.tokens import create_token

pytestmark = pytest.mark.django_db

NEW = {
    "first_name": "Otto",
    "last_name": "Neu",
    "email": "otto@clinic.example",
    "username": "",
    "role": Role.RADIOLOGIST,
}
CHOSEN = "seven green lanterns"


@pytest.fixture
def no_mail(monkeypatch):
    for module in (invitations, outbox, people_pages):
        monkeypatch.setattr(module, "has_mail_server", lambda: False)


def open_link(link: str, password: str = CHOSEN) -> Client:
    """Open a one-time link as its person would, and set a password."""
    browser = Client()
    page = browser.get(link, follow=True)
    path = page.request["PATH_INFO"]
    if "Choose your password" in page.content.decode() or "new password" in page.content.decode():
        browser.post(path, {"password1": password, "password2": password})
    return browser


def mailed_link() -> str:
    outbox.send_waiting()
    return re.search(r"https?://[^/\s]+(/account/password/\S+)", mail.outbox[-1].body)[1]


def shown_link(response) -> str:
    return re.search(r'value="http://testserver(/account/password/[^"]+)"', str(response.content))[
        1
    ]


def test_an_invited_person_sets_the_only_password_there_is(site, administrator):
    response = site.post(reverse("clinic-person-invite"), NEW, follow=True)

    assert "is on its way to otto@clinic.example" in response.content.decode()
    otto = User.objects.get(username="otto@clinic.example")
    assert (otto.clinic, otto.role) == (administrator.clinic, Role.RADIOLOGIST)
    assert not otto.has_usable_password()
    link = mailed_link()
    assert mail.outbox[-1].to == ["otto@clinic.example"]
    assert "Ada Boss has made a NeuroScan account" in mail.outbox[-1].body
    open_link(link)
    otto.refresh_from_db()
    assert otto.check_password(CHOSEN)
    actions = AuditEvent.objects.order_by("id").values_list("action", flat=True)
    assert [name for name in actions if not name.endswith("signed_in")] == [
        *("person.added", "person.password_link", "account.password_reset")
    ]


def test_without_a_mail_server_the_link_is_shown_once(site, no_mail):
    response = site.post(reverse("clinic-person-invite"), NEW | {"email": "", "username": "otto"})

    link = shown_link(response)
    assert 'data-copy="password-link"' in response.content.decode()
    page = site.get(reverse("clinic-person-invite")).content.decode()
    label = re.search(r'for="id_username">.*?</label>', page, flags=re.DOTALL)[0]
    assert "optional" in label
    assert "data-focus-first" in page
    assert "no-store" in response["Cache-Control"]
    assert not OutgoingMail.objects.exists()
    otto = User.objects.get(username="otto")
    assert "password/reset/key" not in site.get(reverse("clinic-person", args=[otto.pk])).text
    open_link(link)
    assert User.objects.get(username="otto").check_password(CHOSEN)


def test_a_link_works_once(site, no_mail):
    link = shown_link(site.post(reverse("clinic-person-invite"), NEW))
    open_link(link)

    second = Client().get(link, follow=True)

    assert "This link does not work anymore" in second.content.decode()


def test_a_new_link_replaces_the_one_before(site, no_mail):
    first = shown_link(site.post(reverse("clinic-person-invite"), NEW))
    otto = User.objects.get(first_name="Otto")
    second = shown_link(site.post(reverse("clinic-person-link", args=[otto.pk])))

    open_link(first)
    assert not User.objects.get(pk=otto.pk).has_usable_password()
    open_link(second)
    assert User.objects.get(pk=otto.pk).check_password(CHOSEN)


def test_no_page_of_ours_takes_a_password_of_somebody_else(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
    root = Client()
    root.force_login(UserFactory(superuser=True))
    pages = [
        (site, reverse("clinic-person-invite")),
        (site, reverse("clinic-person", args=[person.pk])),
        (root, reverse("admin:accounts_user_add")),
        (root, reverse("admin:accounts_user_password", args=[person.pk])),
    ]
    for browser, page in pages:
        shown = browser.get(page)
        assert shown.status_code == 200
        assert 'type="password"' not in shown.content.decode(), page


def test_a_new_link_ends_password_sessions_and_tokens(site, administrator):
    person = UserFactory(clinic=administrator.clinic, username="anna")
    theirs = Client()
    theirs.post("/account/login/", {"login": "anna", "password": PASSWORD})
    create_token(user=person)

    site.post(reverse("clinic-person-link", args=[person.pk]))

    assert theirs.get("/account/").status_code == 302
    assert not person.auth_token_set.exists()
    assert not User.objects.get(pk=person.pk).check_password(PASSWORD)
    open_link(mailed_link())
    assert User.objects.get(pk=person.pk).check_password(CHOSEN)


def test_a_mail_that_is_not_needed_any_more_does_not_go_out(site):
    site.post(reverse("clinic-person-invite"), NEW)
    otto = User.objects.get(first_name="Otto")
    otto.set_password(CHOSEN)
    otto.save()

    outbox.send_waiting()

    assert mail.outbox == []
    assert OutgoingMail.objects.get().given_up_at is not None


def test_mail_waits_for_a_mail_server_that_is_away(site, monkeypatch):
    site.post(reverse("clinic-person-invite"), NEW)

    def away(*args):
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "send_mail", away)
        assert outbox.send_waiting() == 0
    row = OutgoingMail.objects.get()
    assert (row.sent_at, row.given_up_at, row.error) == (None, None, "ConnectionRefusedError")
    assert outbox.send_waiting() == 0  # not before its time
    OutgoingMail.objects.update(next_attempt_at=row.created_at)
    assert outbox.send_waiting() == 1
    assert outbox.send_waiting() == 0
    assert len(mail.outbox) == 1


def test_one_persons_name_never_stops_the_mail_of_others(site, administrator, monkeypatch):
    administrator.first_name = "{password_link}"
    administrator.save()
    outbox.write_mail(address="first@elsewhere.example", subject="x", text="{password_link} {0}")
    outbox.write_mail(address="broken@elsewhere.example", subject="x", text="x")
    site.post(reverse("clinic-person-invite"), NEW)
    send = outbox.send_mail

    def breaks(subject, text, sender, to):
        if to == ["broken@elsewhere.example"]:
            raise ValueError("whatever is wrong with it")
        send(subject, text, sender, to)

    monkeypatch.setattr(outbox, "send_mail", breaks)
    assert outbox.send_waiting() == 2
    assert [one.to for one in mail.outbox] == [["first@elsewhere.example"], [NEW["email"]]]
    assert "/password/reset/key/" not in mail.outbox[0].body
    assert "/password/reset/key/" in mail.outbox[1].body
    assert OutgoingMail.objects.waiting().get().error == "ValueError"


def test_changing_a_role_closing_and_opening_an_account(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
    address = reverse("clinic-person", args=[person.pk])
    facts = {name: getattr(person, name) for name in ("first_name", "last_name", "email")}

    site.post(address, facts | {"username": person.username, "role": Role.RADIOLOGIST})
    person.refresh_from_db()
    assert person.role == Role.RADIOLOGIST

    page = site.get(address).content.decode()
    (asked,) = re.findall(r"<details.*?</details>", page, flags=re.DOTALL)  # opened first
    assert reverse("clinic-person-close", args=[person.pk]) in asked
    assert page.count(reverse("clinic-person-close", args=[person.pk])) == 1
    site.post(reverse("clinic-person-close", args=[person.pk]))
    person.refresh_from_db()
    assert not person.is_active
    assert "This account is closed" in site.get(address).content.decode()
    site.post(reverse("clinic-person-open", args=[person.pk]))
    person.refresh_from_db()
    assert person.is_active


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": ""}, "the link is sent to it"),
        ({"email": "Taken@clinic.example"}, "This email address cannot be used here"),
        ({"username": "TAKEN"}, "This username cannot be used here"),
        ({"username": "white space"}, "Enter a valid username"),
        ({"role": ""}, "Choose what this person does"),
        ({"role": "janitor"}, "Select a valid choice"),
        ({"email": "nothing"}, "Enter a valid email address"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(site, wrong, sentence):
    UserFactory(username="taken", email="taken@clinic.example")
    address = reverse("clinic-person-invite")

    response = site.post(address, sent_by(site.get(address)) | NEW | wrong)

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not User.objects.filter(first_name="Otto").exists()


def test_nobody_closes_their_own_account_or_changes_their_own_role(site, administrator):
    site.post(reverse("clinic-person-close", args=[administrator.pk]))
    facts = {name: getattr(administrator, name) for name in ("first_name", "last_name", "email")}
    site.post(
        reverse("clinic-person", args=[administrator.pk]),
        facts | {"username": administrator.username, "role": Role.CLINICIAN},
    )

    administrator.refresh_from_db()
    assert (administrator.is_active, administrator.role) == (True, Role.ADMINISTRATOR)


def test_an_old_page_restores_no_role_that_a_colleague_withdrew(site, administrator):
    colleague = Client()
    colleague.force_login(UserFactory(clinic=administrator.clinic, administrator=True))
    person = UserFactory(clinic=administrator.clinic, radiologist=True)
    address = reverse("clinic-person", args=[person.pk])
    old = sent_by(site.get(address))
    colleague.post(address, sent_by(colleague.get(address)) | {"role": Role.CLINICIAN})

    assert site.post(address, old | {"last_name": "Newname"}).status_code == 302
    person.refresh_from_db()
    assert (person.role, person.last_name) == (Role.CLINICIAN, "Newname")

    refused = site.post(address, old | {"role": Role.ADMINISTRATOR})
    assert refused.status_code == 422
    assert "Somebody else has changed this to “Clinician” meanwhile" in refused.content.decode()
    person.refresh_from_db()
    assert person.role == Role.CLINICIAN
    again = sent_by(refused)
    assert again["role"] == Role.ADMINISTRATOR
    assert site.post(address, again).status_code == 302
    person.refresh_from_db()
    assert person.role == Role.ADMINISTRATOR


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RADIOLOGIST])
def test_the_pages_are_the_administrators(client, role):
    person = UserFactory(role=role)
    client.force_login(person)

    for name, args in (("clinic-people", []), ("clinic-person", [person.pk])):
        response = client.get(reverse(name, args=args))
        assert response.status_code == 403
        assert "Your role does not allow you to manage people" in response.content.decode()
    assert client.post(reverse("clinic-person-close", args=[person.pk])).status_code == 403


def test_another_clinics_people_are_not_there(site, administrator):
    other = UserFactory(last_name="Elsewhere")

    assert site.get(reverse("clinic-person", args=[other.pk])).status_code == 404
    assert site.post(reverse("clinic-person-link", args=[other.pk])).status_code == 404
    assert "Elsewhere" not in site.get(reverse("clinic-people")).content.decode()


def test_an_administrator_revokes_a_token(site, administrator):
    person = UserFactory(clinic=administrator.clinic)
    token, _ = create_token(user=person)

    site.post(reverse("clinic-person-token-revoke", args=[person.pk, token.token_key]))

    assert not person.auth_token_set.exists()
