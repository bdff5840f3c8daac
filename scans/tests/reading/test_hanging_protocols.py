"""Hanging protocols: saved by a clinic and by each reader, chosen by counts, applied on opening."""

import re

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from playwright.sync_api import expect

from accounts.tests.factories import UserFactory
from scans.models import Comparison, HangingProtocol, Series
from scans.tests.core.factories import ImageFactory, PatientFactory, make_study
from scans.tests.core.fixtures import asking_as
from scans.tests.core.pressing import press
from scans.tests.reading.viewing import PATIENCE, Viewing

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def reading(reader):
    return asking_as(reader)


def save(asking, **body):
    return asking.post("/api/v1/hanging-protocols/", body, format="json")


def opens_with(asking, study) -> str | None:
    protocol = asking.get(f"/api/v1/studies/{study.pk}/viewer/").json()["hanging_protocol"]
    return protocol and protocol["name"]


def test_ones_own_comes_first_then_the_clinics_by_series_and_priors(reading, reader):
    patient = PatientFactory(created_by=reader)
    old = make_study(user=reader, patient=patient, days_ago=400)
    new = make_study(user=reader, patient=patient, days_ago=2)
    assert opens_with(reading, new) is None
    clinics = {"name": "Compare", "layout": "prior", "min_priors": 1, "for_clinic": True}
    assert save(reading, **clinics).status_code == 200
    assert (opens_with(reading, new), opens_with(reading, old)) == ("Compare", None)
    colleague = asking_as(UserFactory(radiologist=True, clinic=reader.clinic))
    assert opens_with(colleague, new) == "Compare"
    save(reading, name="Alone", layout="one", position=2)
    save(reading, name="Many series", layout="four_series", min_series=3, position=1)
    assert opens_with(reading, new) == "Alone"
    assert opens_with(colleague, new) == "Compare"
    stranger = asking_as(UserFactory(radiologist=True))
    assert stranger.get("/api/v1/hanging-protocols/").json() == []


def test_the_same_name_replaces_and_only_who_may_share_saves_for_the_clinic(reading, reader):
    save(reading, name="Mine", layout="one")
    save(reading, name="Mine", layout="prior")
    listed = reading.get("/api/v1/hanging-protocols/").json()
    assert [(row["name"], row["layout"], row["for_clinic"]) for row in listed] == [
        ("Mine", "prior", False)
    ]
    clinician = asking_as(UserFactory(clinic=reader.clinic))
    body = {"name": "All", "layout": "one", "for_clinic": True}
    assert save(clinician, **body).status_code == 403
    save(reading, **body)
    row = HangingProtocol.objects.get(name="All")
    assert clinician.post(f"/api/v1/hanging-protocols/{row.pk}/delete/").status_code == 403
    own = HangingProtocol.objects.get(name="Mine")
    assert clinician.post(f"/api/v1/hanging-protocols/{own.pk}/delete/").status_code == 404
    assert reading.post(f"/api/v1/hanging-protocols/{own.pk}/delete/").status_code == 204


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"layout": "wall"}, "layout"),
        ({"name": " "}, "name"),
        ({"min_series": -1}, "min_series"),
        ({"min_priors": 2, "max_priors": 1}, "max_priors"),
        ({"max_series": 1000}, "max_series"),
    ],
)
def test_what_cannot_be_is_refused_by_field(reading, wrong, field):
    response = save(reading, **{"name": "Wrong", "layout": "one"} | wrong)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not HangingProtocol.objects.exists()


def test_the_page_saves_lists_and_deletes(doctor, reader):
    doctor.force_login(reader)
    path = reverse("hanging-protocols")
    sent = {"name": "Beside", "layout": "prior", "min_series": 1, "min_priors": 1, "position": 1}
    wrong = doctor.post(path, sent | {"max_priors": 0})
    assert "The most is less than the least" in wrong.content.decode()
    doctor.post(path, sent)
    row = HangingProtocol.objects.get()
    assert (row.owner, row.layout, row.max_priors) == (reader, "prior", None)
    assert "Current beside newest prior" in doctor.get(path).content.decode()
    doctor.post(reverse("hanging-protocol-delete", args=[row.pk]))
    assert not HangingProtocol.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_study_opens_as_the_reader_saved_it_on_the_page(page, user, assert_accessible):
    patient = PatientFactory(created_by=user)
    prior = make_study(user=user, patient=patient, days_ago=90, images=2)
    study = make_study(user=user, patient=patient, images=3)
    page.goto(reverse("hanging-protocols"))
    assert_accessible(page)
    page.get_by_role("textbox", name="Name", exact=True).fill("Beside the prior")
    page.get_by_label("Layout").select_option("Current beside newest prior")
    page.get_by_label("Priors, at least").fill("1")
    press_save = page.get_by_role("button", name="Save", exact=True)
    press_save.scroll_into_view_if_needed()
    press(page, press_save)
    expect(page.get_by_text("“Beside the prior” is saved")).to_be_visible()
    recorded = reverse("api:study-comparisons", args=[study.pk])
    with page.expect_response(f"**{recorded}", timeout=PATIENCE):
        viewing = Viewing(page, study)
    expect(page.locator(".vw-viewport")).to_have_count(2)
    for number, one in ((1, study), (2, prior)):
        corner = viewing.viewport(number).locator(".vw-tl")
        expect(corner).to_contain_text(date_format(one.study_date, "j M Y"))
    expect(viewing.viewport(2)).to_have_attribute("data-shown", re.compile(".+"))
    assert [(one.study, one.other) for one in Comparison.objects.all()] == [(study, prior)]


def by_series(*places: tuple[str, str]) -> list[dict[str, str]]:
    return [{"study": study, "sequence": sequence, "plane": ""} for study, sequence in places]


def with_series(study, *sequences: str):
    first = study.series.get()
    first.sequence = sequences[0]
    first.save()
    for n, sequence in enumerate(sequences[1:], 2):
        series = Series.objects.create(study=study, number=n, sequence=sequence)
        ImageFactory(
            series=series,
            patient=study.patient,
            instance__series=series,
            instance__patient=study.patient,
        )
    return study


def test_sequences_choose_a_protocol_and_one_of_ones_own_comes_before_the_built_in(reading, reader):
    patient = PatientFactory(created_by=reader)
    old = with_series(make_study(user=reader, patient=patient, days_ago=400), "FLAIR", "T1c")
    new = with_series(make_study(user=reader, patient=patient, days_ago=2), "FLAIR", "T1c", "T2")
    assert opens_with(reading, old) == "T1 with contrast beside FLAIR"
    assert opens_with(reading, new) == "T1 with contrast, FLAIR and the newest prior"
    shown = reading.get(f"/api/v1/studies/{new.pk}/viewer/").json()["hanging_protocol"]
    assert [(one["study"], one["sequence"]) for one in shown["places"]] == [
        ("current", "T1c"),
        ("current", "FLAIR"),
        ("prior", "T1c"),
    ]
    saved = save(
        reading,
        name="T2 first",
        layout="by_series",
        places=by_series(("current", "T2"), ("prior", "T2")),
    )
    assert saved.status_code == 200, saved.json()
    assert opens_with(reading, new) == "T2 first"
    assert opens_with(reading, old) == "T1 with contrast beside FLAIR"


@pytest.mark.parametrize(
    ("layout", "places"),
    [
        ("by_series", []),
        ("by_series", by_series(*[("current", "T2")] * 5)),
        ("by_series", by_series(("prior", "T2"))),
        ("by_series", by_series(("current", "X-ray"))),
        ("one", by_series(("current", "T2"))),
    ],
)
def test_places_that_cannot_be_are_refused(reading, layout, places):
    response = save(reading, name="Wrong", layout=layout, places=places)
    assert response.status_code == 400
    assert "places" in str(response.json()["errors"])
    assert not HangingProtocol.objects.exists()


def test_the_page_saves_places_and_lists_the_built_in(doctor, reader):
    doctor.force_login(reader)
    path = reverse("hanging-protocols")
    sent = {
        "name": "By series",
        "layout": "by_series",
        "min_series": 1,
        "min_priors": 0,
        "position": 1,
        "place_1": "current:T1c",
        "place_3": "prior:",
        "plane": "axial",
    }
    assert "one to 4 viewports" in doctor.post(path, sent | {"place_1": "", "place_3": ""}).text
    doctor.post(path, sent)
    assert HangingProtocol.objects.get().places == [
        {"study": "current", "sequence": "T1c", "plane": "axial"},
        {"study": "prior", "sequence": "", "plane": "axial"},
    ]
    shown = doctor.get(path).text
    assert "T1 with contrast axial beside any sequence axial of the newest prior" in shown
    assert "FLAIR beside diffusion" in shown
