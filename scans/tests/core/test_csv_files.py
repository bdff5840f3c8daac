"""The CSV file of every list: columns, rows and order of its page, in the same words."""

import csv
import re
from datetime import date
from io import StringIO

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from accounts import drawn_for
from accounts.tests.factories import UserFactory
from scans.models import Image, Study
from scans.tests.core.factories import PatientFactory, complete, make_signed_report, make_study
from scans.tests.core.isolation_table import signed_in, text_of

# Page -> its file; what its columns are sorted by; what names a row, on the page and in the file.
LISTS = {
    "home": ("studies-csv", ["received", "patient", "study", "finding", "ai"], "Patient"),
    "patients": ("patients-csv", ["name", "mrn", "born", "sex", "last"], "Name"),
    "worklist": (
        "worklist-csv",
        [
            *("rank", "patient", "age", "description", "images", "state", "triage_score"),
            *("priority", "waiting", "assignee"),
        ],
        "Patient",
    ),
}
NAMES = ["Birch", "Alder", "Cedar"]
HEAD = r'<(?:th|span)[^>]*(?:role="columnheader"|scope="col")[^>]*>(.*?)</(?:th|span)>'


@pytest.fixture
def client(db):
    """Three patients whose studies differ in all that the lists are sorted by."""
    reader = UserFactory(radiologist=True)
    facts = zip(NAMES, (0.2, 0.9, 0.6), (2, 1, 3), ("stat", "routine", "urgent"), strict=True)
    for at, (name, probability, images, priority) in enumerate(facts):
        patient = PatientFactory(
            created_by=reader, family_name=name, given_name="", birth_date=date(1950 + 7 * at, 1, 2)
        )
        study = make_study(user=reader, patient=patient, images=images, description=f"Head {at}")
        for image in Image.objects.filter(series__study=study):
            complete(image.analyses.get(), probability=probability)
        Study.objects.filter(pk=study.pk).update(
            priority=priority, study_date=f"2026-0{3 - at}-11", assignee=reader if at == 1 else None
        )
        make_signed_report(study=study, author=reader)
    return signed_in(reader)


def shown(response):
    """The family names on a page, from above."""
    text = strip_tags(text_of(response))
    return list(dict.fromkeys(re.findall("|".join(NAMES), text)))


def rows_of(response):
    assert response.status_code == 200
    return list(csv.DictReader(StringIO(response.content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", LISTS)
def test_a_file_follows_every_order_and_filter_of_its_page(client, name):
    file_name, orders, column = LISTS[name]
    for order in [*orders, *(f"-{one}" for one in orders if one != "rank")]:
        for filters in ({}, {"q": "head 1"} if name != "patients" else {"q": "cedar"}):
            query = {"order": order, **filters}
            listed = client.get(reverse(name), query, headers={"hx-request": "true"})
            file = rows_of(client.post(reverse(file_name), query))
            assert [row[column].rstrip(", ") for row in file] == shown(listed), query


@pytest.mark.parametrize("name", [*LISTS, "reports"])
def test_the_button_of_a_page_sends_its_filters_and_its_order(client, name):
    query = {} if name == "reports" else {"order": f"-{LISTS[name][1][1]}"}
    query |= {"q": "head"} if name != "patients" else {"q": "alder"}
    text = text_of(client.get(reverse(name), query))
    form = text[text.index('class="ns-csv"') :]
    for field, value in query.items():
        assert f'name="{field}" value="{value}"' in form


@pytest.mark.parametrize("name", [*LISTS, "reports"])
def test_a_file_is_sent_to_the_button_of_a_page_that_says_for_whom_it_was_drawn(client, name):
    sent = {drawn_for.FIELD: client.session["_auth_user_id"], "csrfmiddlewaretoken": "x"}
    address = "reports-csv" if name == "reports" else LISTS[name][0]
    assert client.post(reverse(address), sent).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_file_is_refused_for_an_order_that_its_page_does_not_have(client, name):
    response = client.post(reverse(LISTS[name][0]), {"order": "nothing"})
    assert response.status_code == 400
    assert "order" in text_of(response)


def test_a_file_is_not_sorted_by_what_is_withheld(client):
    Study.objects.get(patient__family_name="Alder").clinic.__class__.objects.update(read_first=True)
    assert client.post(reverse("studies-csv"), {"order": "ai"}).status_code == 400
    listed = rows_of(client.post(reverse("worklist-csv"), {"order": "triage_score"}))
    assert [row["Triage score"] for row in listed] == ["Withheld: read first"] * 3


@pytest.mark.parametrize("name", [*LISTS, "reports"])
def test_a_file_has_the_columns_of_its_page_in_the_same_words(client, name):
    file_name = {"reports": "reports-csv"}.get(name) or LISTS[name][0]
    text = text_of(client.get(reverse(name)))
    table = text[: text.index("ns-csv")]
    heads = re.findall(
        r'(?s)<(?:th|span)[^>]*(?:role="columnheader"|scope="col")[^>]*>(.*?)</(?:th|span)>', table
    )
    words = {re.sub("[▲▼]", "", " ".join(strip_tags(one).split())).strip() for one in heads}
    # A picture, a link and buttons are in no file.
    words -= {"Image", "PDF", "Take or release, details", ""}
    assert words <= set(rows_of(client.get(reverse(file_name)))[0])
