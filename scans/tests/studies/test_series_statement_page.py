"""On the pages: what the AI states of a series, and how a series was acquired."""

import csv
import html
import io
import re
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import Clinic
from accounts.tests.factories import PASSWORD, UserFactory
from ml.series.statement import SENTENCES
from scans.models import Image, ModelRelease, Series, SeriesStatement, Verdict
from scans.services.reading.verdicts import commit_finding
from scans.services.reports.drafting import start_report
from scans.services.studies.acquisitions import state_acquisition
from scans.templatetags.reading import slice_runs
from scans.tests.core import pictures
from scans.tests.core.factories import (
    AXIAL_FLAIR,
    PatientFactory,
    ReleaseFactory,
    complete,
    make_stated_study,
    make_study,
)

pytestmark = pytest.mark.django_db
DIAGNOSIS = "AI suggestion, not a diagnosis"


@pytest.fixture
def release(db):
    return ReleaseFactory(states_series=True)


@pytest.fixture
def study(user, release):
    return make_stated_study(user=user, probabilities=(0.9, 0.95, 0.1))


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def rows_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))


def test_the_study_page_shows_it_with_links_to_the_slices_that_carry_it(doctor, study, release):
    page = text_of(doctor.get(study.get_absolute_url()))
    statement = SeriesStatement.objects.get()
    assert f"<strong>{statement.probability:.3f}</strong>, above the threshold 0.500" in page
    assert f"· {release} · {DIAGNOSIS}" in page
    assert "the series, 3 slices ·" in page
    first, last = statement.carrying[0], statement.carrying[-1]
    link = f"{study.get_absolute_url()}?image={first['image']}#image-{first['image']}"
    assert f'href="{link}">{first["number"]}–{last["number"]}</a>' in page  # a run is one link
    assert "By image:" in page


def test_runs_of_slices_are_one_each():
    slices = [{"image": str(n), "number": n} for n in (55, *range(12, 41), 7, 8)]
    runs = slice_runs(slices)
    assert [one["words"] for one in runs] == ["7–8", "12–40", "55"]
    assert [one["first"]["number"] for one in runs] == [7, 12, 55]
    assert slice_runs([]) == []


def test_it_says_how_many_slices_it_is_made_of_while_others_run(doctor, user, release):
    study = make_study(user=user, images=4, acquisition=AXIAL_FLAIR)
    for image in Image.objects.filter(series__study=study)[:2]:
        complete(image.analyses.get())
    page = text_of(doctor.get(reverse("study-summary", args=[study.pk])))
    assert "so far, 2 of 4 analyzed" in page


def unfinished_study(user):
    study = make_study(user=user, images=4, acquisition=AXIAL_FLAIR)
    *others, last = [image.analyses.get() for image in Image.objects.order_by("number")]
    for analysis in others:
        complete(analysis, probability=0.1)
    return study, last


def sign(doctor, study, statements, **more):
    sent = {"finding": "tumor", "layers": "series", "shown": "", "statements": statements}
    return doctor.post(reverse("study-verdict-sign", args=[study.pk]), sent | more)


def test_what_was_shown_is_what_the_signature_keeps(doctor, user, study):
    page = doctor.get(study.get_absolute_url()).content.decode()
    (stamp,) = re.findall(r'data-statement="([^"]*)"', page)
    assert 'name="statements"' in page
    sign(doctor, study, f"{stamp} nonsense @ {uuid4()}@yesterday")
    (kept,) = Verdict.objects.get().ai_content["series"]
    assert (kept["state"], kept["analyzed"], kept["is_final"]) == ("as_shown", 3, True)


def test_a_page_that_shows_less_than_is_stated_by_now_signs_that_it_changed(doctor, user, release):
    study, last = unfinished_study(user)
    page = doctor.get(study.get_absolute_url()).content.decode()
    (stamp,) = re.findall(r'data-statement="([^"]*)"', page)
    complete(last, probability=0.99)
    sign(doctor, study, stamp)
    (kept,) = Verdict.objects.get().ai_content["series"]
    assert kept["state"] == "changed_since_shown"
    assert "probability" not in kept
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "what was stated of a series had changed since it was shown" in page


def test_who_cannot_state_the_acquisition_has_no_empty_box_to_open(client, study):
    client.force_login(UserFactory(superuser=True))
    page = text_of(client.get(study.get_absolute_url()))
    assert '<p class="ns-acquisition-series"> Axial · FLAIR' in page
    assert '<details class="ns-acquisition-series"' not in page


def test_without_an_opinion_it_says_what_to_state_and_a_form_is_there(doctor, user, release):
    study = make_stated_study(user=user, acquisition={})
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "state the plane" in page
    assert "Plane not known · sequence not known · spacing of the slices not known" in page
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    assert f'action="{address}"' in page
    response = doctor.post(address, AXIAL_FLAIR, follow=True)
    page = text_of(response)
    assert "How the series was acquired is saved." in page
    assert "Axial · FLAIR · 5 mm from slice to slice" in page
    assert "Carried by" in page


def sent_by(page) -> dict[str, str]:
    """What a browser sends of the acquisition form of this page, where nothing is touched."""
    sent = {}
    for name in [*AXIAL_FLAIR, *(f"initial-{name}" for name in AXIAL_FLAIR)]:
        chosen = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
        pattern = r'value="([^"]*)" selected' if chosen else rf'name="{name}"[^>]*? value="([^"]*)"'
        value = re.search(pattern, chosen[0] if chosen else page)
        sent[name] = value[1] if value else ""
    return sent


def test_what_somebody_else_stated_meanwhile_is_not_taken_back(doctor, user, release):
    study = make_stated_study(user=user, acquisition={})
    sent = sent_by(doctor.get(study.get_absolute_url()).content.decode())
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    series = Series.objects.get()
    state_acquisition(user=user, series=series, changes={"plane": "axial"})
    doctor.post(address, sent | {"slice_spacing": "5"})
    assert Series.objects.get().stated == {"plane": "axial", "slice_spacing": 5.0}


def test_a_form_in_which_nothing_was_touched_states_nothing(doctor, user, release):
    study = make_stated_study(user=user, acquisition={"sequence": "T1"})
    Image.objects.update(plane="axial", slice_spacing=4.5)
    sent = sent_by(doctor.get(study.get_absolute_url()).content.decode())
    assert (sent["plane"], sent["slice_spacing"], sent["sequence"]) == ("axial", "4.5", "T1")
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    assert "Nothing was changed." in text_of(doctor.post(address, sent, follow=True))
    assert Series.objects.get().stated == {"sequence": "T1"}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("plane", "The files state axial; choose another plane if that is wrong."),
        ("slice_spacing", "The files state 5 mm; enter another spacing if that is wrong."),
    ],
)
def test_what_the_files_state_is_said_where_somebody_says_that_it_is_not_known(
    doctor, user, release, field, words
):
    study = make_stated_study(user=user)
    Image.objects.update(**AXIAL_FLAIR)
    sent = sent_by(doctor.get(study.get_absolute_url()).content.decode())
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    page = text_of(doctor.post(address, sent | {field: ""}, follow=True))
    assert words in page
    assert "How the series was acquired is saved." not in page


def test_once_a_verdict_is_signed_there_is_no_form_and_a_sent_one_is_refused(doctor, study):
    sign(doctor, study, "")
    page = text_of(doctor.get(study.get_absolute_url()))
    assert '<p class="ns-acquisition-series"> Axial · FLAIR' in page
    assert 'name="plane"' not in page
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    page = text_of(doctor.post(address, AXIAL_FLAIR | {"plane": "coronal"}, follow=True))
    assert "A verdict on this study is signed" in page
    assert Series.objects.get().plane == "axial"


@pytest.mark.parametrize("spacing", ["-5", "0", "1000", "five", "nan", "inf"])
def test_a_spacing_that_cannot_be_is_refused_in_a_sentence(doctor, study, spacing):
    address = reverse("series-acquisition", args=[Series.objects.get().pk])
    page = text_of(doctor.post(address, AXIAL_FLAIR | {"slice_spacing": spacing}, follow=True))
    assert "Enter the" in page
    assert "millimeters" in page
    assert Series.objects.get().slice_spacing == 5.0


def test_lists_and_the_case_history_show_it(doctor, study):
    probability = f"{SeriesStatement.objects.get().probability:.3f}"
    assert "the series, 3 slices ·" in text_of(doctor.get("/studies/"))
    assert probability in text_of(doctor.get(study.patient.get_absolute_url()))


def test_the_worklist_says_that_its_score_is_of_the_series(doctor, user, study, release):
    make_stated_study(user=user, probabilities=(0.77, 0.1), acquisition={})
    page = text_of(doctor.get("/worklist/"))
    assert f"{SeriesStatement.objects.get(series__study=study).probability:.3f}" in page
    assert f"from the whole series by {release}: an AI suggestion" in page
    assert f"from image 1, the most suspicious by {release}: an AI suggestion" in page


@pytest.mark.parametrize("name", ["studies-csv", "worklist-csv"])
def test_files_of_lists_have_columns_for_it(doctor, user, study, release, name):
    make_stated_study(user=user, probabilities=(0.9,), acquisition={}, days_ago=3)
    stated, none = sorted(rows_of(doctor.post(reverse(name))), key=lambda row: row["Images"] != "3")
    assert (stated["AI series result"], stated["Series slices analyzed"]) == (
        "Tumor detected",
        "3 of 3",
    )
    statement = SeriesStatement.objects.get(series__study=study)
    assert stated["AI series probability"] == f"{statement.probability:.3f}"
    assert stated["Series release"] == str(release)
    assert none["AI series result"] == "No AI opinion: plane_unknown"
    assert none["AI series probability"] == ""


def test_while_it_is_withheld_no_page_and_no_file_shows_it(doctor, user, study):
    Clinic.objects.update(read_first=True)
    probability = f"{SeriesStatement.objects.get().probability:.3f}"
    addresses = [
        "/studies/",
        "/worklist/",
        study.get_absolute_url(),
        study.patient.get_absolute_url(),
    ]
    for address in addresses:
        page = text_of(doctor.get(address))
        assert probability not in page
        assert "Carried by" not in page
    row = rows_of(doctor.post(reverse("studies-csv")))[0]
    assert (row["AI series result"], row["AI series probability"]) == ("", "")
    commit_finding(user=user, study=study, finding="tumor")
    assert probability in text_of(doctor.get(study.get_absolute_url()))


def test_a_report_begins_with_what_is_stated_of_the_series(user, study, release):
    report = start_report(user=user, study=study)
    first = report.ai_statement.split("\n")[0]
    probability = f"{SeriesStatement.objects.get().probability:.2f}"
    assert first == (
        "Series 1: tumor detected, calibrated probability of a tumor in the series "
        f"{probability}, carried by images 1 to 2 ({release})."
    )


def test_a_report_says_why_there_is_no_opinion_on_the_series(user, release):
    study = make_stated_study(user=user, acquisition={})
    first = start_report(user=user, study=study).ai_statement.split("\n")[0]
    assert first == (
        f"Series 1: no AI opinion ({release}). The plane of the series is not known, and the "
        "model gives no opinion on the series."
    )


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_a_report_never_tells_staff_what_to_do_for_an_opinion(sentence):
    why = SeriesStatement(message=sentence).why
    reason, _, advice = sentence.rpartition("; ")
    assert why == f"{reason}."
    assert advice.split()[0] in {"state", "send", "see", "wait"}


def test_who_cannot_state_the_plane_reads_the_reason_alone(user, doctor, release):
    study = make_stated_study(user=user, acquisition={})
    assert "state the plane" in text_of(doctor.get(study.get_absolute_url()))
    doctor.force_login(UserFactory(superuser=True))
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "The plane of the series is not known" in page
    assert "state the plane" not in page


def test_a_report_that_is_begun_before_the_last_slice_says_so(user, release):
    study, _ = unfinished_study(user)
    first = start_report(user=user, study=study).ai_statement.split("\n")[0]
    assert first.startswith("Series 1: no tumor detected")
    assert first.endswith("So far from 3 of 4 slices; the analysis was not finished.")


def test_who_signs_a_report_is_told_first_that_another_thing_is_stated_now(doctor, user, release):
    study, last = unfinished_study(user)
    report = start_report(user=user, study=study)
    editor = reverse("report-edit", args=[report.pk])
    stated_anew = "What the AI states now is not in the text"
    assert stated_anew not in text_of(doctor.get(editor))
    complete(last, probability=0.99)
    sent = {"revision": report.revision, "password": PASSWORD}
    sent |= report.texts | {"impression": "No tumor.", "finding": "no_tumor"}
    address = reverse("report-sign", args=[report.pk])
    refused = doctor.post(address, sent)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "The report is not signed: what the AI states has changed" in page
    assert stated_anew in page
    report.refresh_from_db()
    assert report.status == "preliminary"
    series, image = re.findall(r'name="noticed" value="([^"]*)"', page)
    assert html.unescape(series).startswith("Series 1: tumor detected")
    assert html.unescape(image).startswith("Image 4: tumor detected")
    sent |= {"revision": report.revision, "renew": "1"}
    assert doctor.post(reverse("report-insert", args=[report.pk]), sent).status_code == 302
    report.refresh_from_db()
    assert html.unescape(series) in report.ai_statement
    del sent["renew"]
    sent |= report.texts | {"revision": report.revision}
    assert doctor.post(address, sent).status_code == 302
    report.refresh_from_db()
    assert report.status == "final"


def test_the_upload_page_asks_for_what_the_release_needs(doctor, user, release):
    page = doctor.get("/upload/").content.decode()
    assert 'name="plane"' in page
    assert 'name="sequence"' in page
    assert 'name="slice_spacing"' in page
    patient = PatientFactory(created_by=user)
    sent = {"patient": patient.pk, "study_date": "2024-03-01", "upload_id": ""}
    file = pictures.upload("s-1.png", pictures.png())
    response = doctor.post("/upload/file/", sent | AXIAL_FLAIR | {"file": file})
    assert response.status_code == 200
    assert Series.objects.get().stated == AXIAL_FLAIR


def test_an_upload_with_a_spacing_that_cannot_be_is_refused_before_anything_is_stored(
    doctor, user, release
):
    patient = PatientFactory(created_by=user)
    sent = {"patient": patient.pk, "study_date": "2024-03-01", "slice_spacing": "0"}
    file = pictures.upload("s-1.png", pictures.png())
    response = doctor.post("/upload/file/", sent | {"file": file})
    assert response.status_code == 422
    assert "more than 0 and at most 100" in response.json()["detail"]
    assert not Series.objects.exists()


def test_without_a_rule_in_the_release_the_pages_are_as_they_were(doctor, user):
    ReleaseFactory()
    study = make_study(user=user, images=2)
    for image in Image.objects.all():
        complete(image.analyses.get())
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "By image:" not in page
    assert "Plane not known" not in page
    assert 'name="plane"' not in doctor.get("/upload/").content.decode()
    assert start_report(user=user, study=study).ai_statement.startswith("Image 1:")


def test_what_was_stated_stays_when_a_release_without_a_rule_is_active(doctor, study):
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "Carried by" in page
    assert "Axial · FLAIR" in page
