"""Every form of every page, sent as the page sends it: unchanged, and with what is refused.

What a page shows and what a test posts by hand are two things: only the page has the hidden
fields. No form may be answered by an error of the server, whatever stands in it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Report
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import complete, make_study
from scans.tests.core.isolation_table import (
    ADMIN_ROWS,
    EVERYWHERE,
    World,
    address,
    signed_in,
    text_of,
)
from scans.tests.core.page_forms import PageForm, forms_of

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# What a field of a form takes and a service refuses: what nobody sees, and what is taken.
REFUSED = ("Bell \x07", "owner-one", "Onetemplate")
TOO_LARGE = "9" * 5000
PAGES = sorted(name for name in EVERYWHERE if not name.startswith("api:"))


@pytest.fixture
def worlds(world) -> list[World]:
    """Beside the signed study one that waits, with a draft of a report."""
    reader = UserFactory(clinic=world.owner.clinic, radiologist=True)
    waits = make_study(user=reader, patient=world.patient, description="Waits")
    image = waits.series.get().images.get()
    analysis = complete(image.analyses.get())
    start_report(user=reader, study=waits)
    return [world, replace(world, study=waits, image=image, analysis=analysis)]


def _person(role: str, world: World) -> User:
    if role == "radiologist":
        return Report.objects.get(status="preliminary").author
    if role == "superuser":
        return UserFactory(superuser=True)
    return UserFactory(clinic=world.owner.clinic, **{role: True})


def _addresses(person: User, worlds: list[World]) -> Iterator[str]:
    if not person.is_superuser:
        for world in worlds:
            yield from (address(name, world) for name in PAGES)
        yield reverse("report-edit", args=[Report.objects.get(status="preliminary").pk])
    else:
        for label, row_of in ADMIN_ROWS.items():
            name = f"admin:{label.replace('.', '_')}"
            yield reverse(f"{name}_add")
            yield reverse(f"{name}_change", args=[row_of(worlds[0]).pk])


def _forms(person: User, worlds: list[World]) -> dict[str, PageForm]:
    """Each form once, by where it goes and what is in it."""
    client, found = signed_in(person), {}
    for page in dict.fromkeys(_addresses(person, worlds)):
        with _undone():
            response = client.get(page)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            for form in forms_of(text_of(response), page=page):
                found.setdefault(f"{form.address} {sorted(form.sent)}", form)
    return found


class _undone(transaction.Atomic):  # noqa: N801 (a context manager)
    """Inside, a world of its own."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __exit__(self, *args: object) -> None:
        transaction.set_rollback(True)
        super().__exit__(*args)


@pytest.mark.parametrize("role", ["clinician", "radiologist", "administrator", "superuser"])
def test_no_form_is_answered_by_an_error_of_the_server(worlds, role):
    person = _person(role, worlds[0])
    forms = _forms(person, worlds)
    assert len(forms) > 15
    failed = []
    for form in forms.values():
        for where, sent in _requests(form):
            with _undone():
                client = signed_in(person)
                client.raise_request_exception = False
                response = client.post(where, sent)
            is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
            if is_file and not form.answers_with_a_file:  # static/js/core/send_once.js
                failed.append(f"{where}: does not say that its answer is a file")
            if response.status_code >= 500:
                odd = [name for name in sent if sent[name] != form.sent.get(name)]
                failed.append(f"{where} {odd}: {response.exc_info[1]!r}")
    assert not failed, "\n".join(failed)


def _requests(form: PageForm) -> Iterator[tuple[str, dict[str, str]]]:
    filled = form.filled_in()
    for where, with_the_button in form.ways():
        numbers = dict.fromkeys(form.kinds, TOO_LARGE)
        chosen = dict.fromkeys(form.choices, TOO_LARGE)
        for sent in (form.sent, filled, filled | numbers, filled | chosen):
            yield where, sent | with_the_button
    where, with_the_button = next(form.ways())
    for name in form.kinds:
        if name not in with_the_button:
            yield from ((where, filled | with_the_button | {name: value}) for value in REFUSED)
