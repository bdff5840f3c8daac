import re

import pytest
from django.urls import reverse

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, SeriesStatement, Study, Verdict
from scans.tests.core.factories import (
    ReleaseFactory,
    complete,
    make_signed_report,
    make_stated_study,
    make_study,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


def test_the_study_page_leads_to_the_viewer(doctor, reader):
    study = make_study(user=reader)
    doctor.force_login(reader)
    response = doctor.get(study.get_absolute_url())
    assert reverse("viewer", args=[study.pk]) in response.content.decode()


def test_the_page_shows_whose_images_these_are_and_keeps_no_copy(doctor, reader):
    study = make_study(user=reader)
    doctor.force_login(reader)
    response = doctor.get(reverse("viewer", args=[study.pk]))
    text = response.content.decode()
    assert study.patient.mrn in text
    assert study.patient.family_name not in text.split("<title>")[1].split("</title>")[0]
    assert "no-store" in response["Cache-Control"]
    assert AuditEvent.objects.filter(action="study.read", object_id=str(study.pk)).count() == 1


@pytest.mark.parametrize("names_image", [0, 1])
def test_the_pixels_of_the_image_it_opens_at_are_asked_for_by_the_page(doctor, reader, names_image):
    study = make_study(user=reader, images=2)
    images = list(Image.objects.filter(series__study=study))
    doctor.force_login(reader)
    address = reverse("viewer", args=[study.pk]) + (f"?image={images[1].pk}" if names_image else "")
    text = doctor.get(address).content.decode()
    assert [reverse("api:image-frame", args=[one.pk]) in text for one in images] == [
        not names_image,
        bool(names_image),
    ]


def test_an_image_of_another_study_is_not_asked_for(doctor, reader):
    study, other = make_study(user=reader), make_study(user=UserFactory())
    foreign = Image.objects.get(series__study=other)
    doctor.force_login(reader)
    text = doctor.get(f"{reverse('viewer', args=[study.pk])}?image={foreign.pk}").content.decode()
    assert str(foreign.pk) not in text
    assert reverse("api:image-frame", args=[Image.objects.get(series__study=study).pk]) in text


@pytest.mark.parametrize(("role", "tools"), [("radiologist", True), ("clinician", False)])
def test_only_who_may_annotate_gets_the_drawing_tools(doctor, role, tools):
    person = UserFactory(radiologist=True) if role == "radiologist" else UserFactory()
    study = make_study(user=person)
    doctor.force_login(person)
    text = doctor.get(reverse("viewer", args=[study.pk])).content.decode()
    assert ("data-shape=" in text) is tools


def opened_at(doctor, study) -> int:
    text = doctor.get(reverse("viewer", args=[study.pk])).content.decode()
    (pk,) = re.findall(r'data-first-image="([^"]*)"', text)
    return Image.objects.get(pk=pk).number


@pytest.fixture
def suspicious(reader):
    """A study whose third image has the highest probability."""
    study = make_study(user=reader, images=4)
    for analysis in Analysis.objects.select_related("image"):
        complete(analysis, probability=0.7 if analysis.image.number == 3 else 0.2)
    return study


def test_it_opens_at_the_most_suspicious_image_or_as_the_clinic_wants(doctor, reader, suspicious):
    doctor.force_login(reader)
    assert opened_at(doctor, suspicious) == 3
    Clinic.objects.update(open_at_first_image=True)
    assert opened_at(doctor, suspicious) == 1


def test_where_the_ai_result_is_withheld_the_image_does_not_tell_it(doctor, reader, suspicious):
    Clinic.objects.update(read_first=True)
    doctor.force_login(reader)
    assert opened_at(doctor, suspicious) == 1


def test_of_a_stated_series_it_opens_at_a_slice_that_carries_the_statement(doctor, reader):
    ReleaseFactory(states_series=True)
    study = make_stated_study(user=reader, probabilities=(0.1, 0.9, 0.95, 0.92, 0.1))
    doctor.force_login(reader)
    carrying = SeriesStatement.objects.get().carrying
    assert opened_at(doctor, study) == 3
    assert 3 in [one["number"] for one in carrying]


def test_the_next_study_is_not_the_one_that_is_left(doctor, reader):
    one, other = make_study(user=reader), make_study(user=reader)
    doctor.force_login(reader)
    for study, then in ((one, other), (other, one)):
        response = doctor.post(reverse("worklist-next"), {"excluding": str(study.pk)})
        assert response["Location"] == reverse("viewer", args=[then.pk])
    response = doctor.post(reverse("worklist-next"), {"excluding": "nonsense"})
    assert response["Location"].endswith("/viewer/")


def test_a_refusal_draws_the_form_of_the_viewer_anew_with_its_sentence(htmx, reader):
    study = make_study(user=reader)
    htmx.force_login(reader)
    response = htmx.post(reverse("study-verdict-sign", args=[study.pk]), {"in": "viewer"})
    text = response.content.decode()
    assert response.status_code == 409
    assert "Choose your finding" in text.split("data-refused>")[1].split("</p>")[0]
    assert 'id="verdict-rest"' in text
    assert 'hx-swap-oob="true"' in text


def test_beside_a_report_no_way_leads_to_another_study_and_the_patient_is_named(doctor, reader):
    study = make_study(user=reader)
    doctor.force_login(reader)
    alone = doctor.get(reverse("viewer", args=[study.pk])).content.decode()
    framed = doctor.get(f"{reverse('viewer', args=[study.pk])}?in=report").content.decode()
    ways = ("data-next-form", reverse("worklist-next"), 'value="next"', "Sign and open next")
    for way in ways:
        assert way in alone
        assert way not in framed
    whose = framed.split('class="vw-whose"')[1].split("</header>")[0]
    assert study.patient.name in whose
    assert study.patient.mrn in whose
    assert 'hx-vals=\'{"in": "report"}\'' in framed


@pytest.mark.parametrize("place", ["report", "viewer"])
def test_beside_a_report_signing_leads_to_no_other_study(doctor, reader, place):
    study, other = make_study(user=reader), make_study(user=reader)
    doctor.force_login(reader)
    sent = {"finding": "tumor", "then": "next", "in": place}
    address = reverse("study-verdict-sign", args=[study.pk])
    response = doctor.post(address, sent, headers={"HX-Request": "true"})
    if place == "viewer":
        assert response["HX-Redirect"] == reverse("viewer", args=[other.pk])
        return
    assert response.status_code == 409
    assert "the next study is not opened here" in response.content.decode()
    assert "Sign and open next" not in response.content.decode()  # nor where it is drawn anew
    assert not Verdict.objects.signed().exists()
    other.refresh_from_db()
    assert other.locked_by is None


@pytest.mark.parametrize("query", ["", "?in=report"])
def test_the_page_says_in_which_time_zone_its_times_are(doctor, reader, query):
    study = make_study(user=reader)
    reader.clinic.time_zone = "Asia/Tokyo"
    reader.clinic.save()
    doctor.force_login(reader)
    page = doctor.get(f"{reverse('viewer', args=[study.pk])}{query}").content.decode()
    assert '<html lang="en" data-time-zone="Asia/Tokyo">' in page


def test_what_was_asked_and_the_report_are_at_hand_where_the_next_study_opens(doctor, user):
    study = make_study(user=user)
    Study.objects.update(clinical_question="Metastasis?", referring_physician="Dr. Adams")
    page = doctor.get(f"/studies/{study.pk}/viewer/").content.decode()
    assert "Metastasis?" in page
    assert "Dr. Adams" in page
    assert f'action="/studies/{study.pk}/report/start/"' in page
    assert 'data-key-of="report"' in page
    report = make_signed_report(study=study)
    page = doctor.get(f"/studies/{study.pk}/viewer/").content.decode()
    assert re.search(rf'href="{report.get_absolute_url()}"\s+data-report-open', page)
    page = doctor.get(report.get_absolute_url()).content.decode()
    assert re.search(r'action="/worklist/next/"\s+data-next-form', page)
