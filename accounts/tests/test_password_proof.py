"""A password that an administrator could know signs nothing, and what they do is told."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import outbox, people
from accounts.invitations import invite_person, send_password_link
from accounts.models import Role, User
from accounts.password_proof import refuse_provisional_password
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
CHOSEN, OWN = "seven green lanterns", "eight blue lanterns"


@pytest.fixture
def administrator():
    return UserFactory(administrator=True, first_name="Ada", last_name="Admin")


@pytest.fixture
def person(administrator):
    return UserFactory(
        radiologist=True, clinic=administrator.clinic, username="rita", email="rita@own.example"
    )


@pytest.fixture
def no_mail(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def set_password(link: str, client: Client | None = None):
    client = client or Client()
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else link
    return client.post(address, {"password1": CHOSEN, "password2": CHOSEN}, follow=True)


def sign_in(password: str = CHOSEN) -> tuple[Client, str]:
    client = Client()
    response = client.post("/account/login/", {"login": "rita", "password": password}, follow=True)
    return client, response.redirect_chain[-1][0] + response.content.decode()


def change(client: Client, old: str, new: str):
    facts = {"oldpassword": old, "password1": new, "password2": new}
    return client.post("/account/password/change/", facts, follow=True)


def signs(person) -> bool:
    try:
        refuse_provisional_password(person)
    except ValidationError:
        return False
    return True


def change_address(user, person, email: str) -> None:
    facts = {name: getattr(person, name) for name in ("username", "first_name", "last_name")}
    stored = User.objects.get(pk=person.pk)
    people.edit_person(user=user, person=stored, email=email, role=person.role, **facts)


def mailed_to(address: str) -> list[str]:
    outbox.send_waiting()
    return [one.body for one in mail.outbox if one.to == [address]]


def test_a_link_is_refused_to_whoever_is_signed_in_as_somebody_else(administrator, person, no_mail):
    link = send_password_link(user=administrator, person=person).path
    theirs = signed_in(administrator)

    refused = theirs.get(link, follow=True)
    assert refused.status_code == 403
    assert "This link is another person" in refused.content.decode()
    assert person.username not in refused.content.decode()
    internal = re.sub(r"-[^/]+-[^/]+/$", "-set-password/", link)
    assert theirs.post(internal, {"password1": CHOSEN, "password2": CHOSEN}).status_code == 403
    assert theirs.get("/account/").status_code == 200  # still signed in as before
    assert not User.objects.get(pk=person.pk).has_usable_password()

    set_password(link)  # it was not used up
    assert User.objects.get(pk=person.pk).check_password(CHOSEN)


def test_a_password_of_a_link_that_was_shown_signs_once_it_was_changed(
    administrator, person, no_mail
):
    set_password(send_password_link(user=administrator, person=person).path)
    assert not signs(person)

    client, began = sign_in()
    assert began.startswith(reverse("account_change_password"))
    assert "Ada Admin made the last link to set your password on" in began
    assert re.search(r"\d\d:\d\d UTC; it was shown to them", began)  # a sentence names the zone
    assert "it signs nothing yet" in client.get("/", follow=True).content.decode()
    assert "This is your password already" in change(client, CHOSEN, CHOSEN).content.decode()
    assert not signs(person)
    change(client, CHOSEN, OWN)

    assert signs(person)
    assert "it signs nothing yet" not in client.get("/", follow=True).content.decode()
    _, began = sign_in(OWN)
    assert began.startswith(reverse("worklist"))
    assert "Ada Admin made the last link" in began  # also where somebody else had changed it
    assert "Ada Admin made the last link" in client.get("/account/").content.decode()


def test_a_link_that_was_mailed_to_the_persons_own_address_is_theirs(administrator, person):
    send_password_link(user=administrator, person=person)
    link = re.search(r"https?://[^/\s]+(/account/\S+)", mailed_to("rita@own.example")[0])[1]
    set_password(link)

    assert signs(person)
    _, began = sign_in()
    assert began.startswith(reverse("worklist"))
    assert "it was mailed" in began


def test_a_new_persons_link_is_treated_alike(administrator, no_mail):
    invited = invite_person(
        user=administrator, clinic=administrator.clinic, username="rita", role=Role.RADIOLOGIST
    )
    set_password(invited.path)
    assert not signs(invited.person)


def test_a_changed_address_is_told_to_the_old_one_with_every_link_and_change(administrator, person):
    change_address(administrator, person, "ada@elsewhere.example")
    assert "Ada Admin has changed the email address" in mailed_to("rita@own.example")[0]
    assert signs(person)  # the password is still the person's own

    send_password_link(user=administrator, person=User.objects.get(pk=person.pk))
    assert "Ada Admin has made a link" in mailed_to("rita@own.example")[1]
    link = re.search(r"https?://[^/\s]+(/account/\S+)", mailed_to("ada@elsewhere.example")[-1])[1]
    assert "/password/reset/key/" not in "".join(mailed_to("rita@own.example"))
    set_password(link)
    assert not signs(person)

    client, began = sign_in()
    assert "Ada Admin changed the email address of your account to ada@elsewhere.example" in began
    change(client, CHOSEN, OWN)
    assert signs(person)
    assert "was changed, after its email address was" in mailed_to("rita@own.example")[2]


def test_the_old_address_is_the_persons_last_one_however_often_it_is_changed(administrator, person):
    change_address(administrator, person, "one@elsewhere.example")
    change_address(administrator, person, "two@elsewhere.example")
    send_password_link(user=administrator, person=User.objects.get(pk=person.pk))
    assert len(mailed_to("rita@own.example")) == 2
    assert len(mailed_to("one@elsewhere.example")) == 1


def test_a_forgotten_password_after_a_changed_address_signs_nothing_either(administrator, person):
    change_address(administrator, person, "ada@elsewhere.example")
    Client().post("/account/password/reset/", {"email": "ada@elsewhere.example"})
    (sent,) = [one for one in mail.outbox if one.to == ["ada@elsewhere.example"]]
    set_password(re.search(r"https?://[^/\s]+(/account/\S+)", sent.body)[1])
    assert User.objects.get(pk=person.pk).check_password(CHOSEN)
    assert not signs(person)


def test_a_forgotten_password_of_ones_own_address_signs(person):
    Client().post("/account/password/reset/", {"email": person.email})
    set_password(re.search(r"https?://[^/\s]+(/account/\S+)", mail.outbox[-1].body)[1])
    assert signs(person)


def test_the_address_of_somebody_who_was_never_here_is_corrected_without_more(administrator):
    invited = invite_person(
        user=administrator,
        clinic=administrator.clinic,
        username="rita",
        email="rtia@own.example",
        role=Role.RADIOLOGIST,
    ).person
    change_address(administrator, invited, "rita@own.example")
    send_password_link(user=administrator, person=User.objects.get(pk=invited.pk))
    link = re.search(r"https?://[^/\s]+(/account/\S+)", mailed_to("rita@own.example")[-1])[1]
    set_password(link)
    assert signs(invited)


def test_news_of_a_link_ends(administrator, person):
    send_password_link(user=administrator, person=person)
    person.set_password(PASSWORD)
    person.password_link_at = timezone.now() - timedelta(days=15)
    person.save()
    client, began = sign_in(PASSWORD)
    assert "made the last link" not in began
    assert "made the last link" in client.get("/account/").content.decode()
