from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.models import Analysis
from scans.services.analyses.lifecycle import request_analysis
from scans.tests.core.factories import (
    PatientFactory,
    ReleaseFactory,
    complete,
    forget_analyses,
    make_study,
)
from scans.tests.core.study_lists import HOME, analyses_of, shown, study_of

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_a_new_clinic_is_told_what_to_do(doctor):
    response = doctor.get(HOME)
    assert b"No studies yet" in response.content
    assert reverse("upload").encode() in response.content


def test_a_study_is_listed_with_all_that_matters(doctor, user):
    study = study_of(user, description="Head, axial", outcomes=[0.2, 0.973])
    text = doctor.get(HOME).content.decode()
    release = analyses_of(study)[0].release
    speaking = analyses_of(study)[1].image
    for part in (
        study.patient.name,
        study.patient.mrn,
        "Head, axial",
        "2 images",
        "Tumor detected",
        "tumor probability 0.973",
        str(release),
        "Analyzed",
        reverse("image-file", args=[speaking.pk, "thumbnail"]),
    ):
        assert part in text


def test_the_newest_received_comes_first(doctor, user):
    for name in ("first", "second", "third"):
        study_of(user, description=name)
    assert shown(doctor.get(HOME)) == ["third", "second", "first"]


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([0.1, 0.9], "Tumor detected"),
        ([0.1, 0.2], "No tumor detected"),
        ([0.1, "abstained"], "No AI opinion"),
        (["abstained", "abstained"], "No AI opinion"),
    ],
)
def test_the_most_suspicious_image_speaks_for_the_study(doctor, user, outcomes, words):
    study_of(user, description="x", outcomes=outcomes)
    row = doctor.get(HOME).content.decode().split('class="ns-table-row"')[1]
    assert f'<span class="ns-ai-text">{words}</span>' in row


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([0.1] + 3 * ["queued"], "So far, 1 of 4 analyzed"),
        ([0.1] + 3 * ["failed"], "Only 1 of 4 analyzed"),
        ([0.1] + 3 * ["cancelled"], "Only 1 of 4 analyzed"),
        ([0.1] + 3 * ["bare"], "Only 1 of 4 analyzed"),
        (["abstained"] + 3 * ["queued"], "So far, 1 of 4 analyzed"),
    ],
)
def test_no_tumor_is_not_said_of_a_study_before_every_image_was_read(doctor, user, outcomes, words):
    study = study_of(user, description="x", outcomes=outcomes)
    entry = doctor.get(study.patient.get_absolute_url()).content.decode()
    page = doctor.get(study.get_absolute_url()).content.decode()
    for text in (
        doctor.get(HOME).content.decode(),
        entry.split('<ul class="ns-thumbs">')[0],
        page.split('id="verdict"')[0] + page[page.index('id="summary"') : page.index("ns-strip")],
    ):
        assert words in text
        assert "ns-ai-text" not in text
        assert "No tumor detected</span>" not in text
        assert "most suspicious" not in text
    assert shown(doctor.get(HOME, {"ai": "no_tumor"})) == []


def test_a_tumor_found_so_far_is_said_at_once_with_how_far_the_reading_is(doctor, user):
    study = study_of(user, description="x", outcomes=[0.1, 0.9, "queued"])
    for path in (HOME, study.patient.get_absolute_url(), study.get_absolute_url()):
        text = " ".join(doctor.get(path).content.decode().split())
        assert '<span class="ns-ai-text">Tumor detected</span>' in text
        assert "so far, 2 of 3 analyzed ·" in text
    assert shown(doctor.get(HOME, {"ai": "tumor"})) == ["x"]


def test_images_without_an_opinion_are_named_beside_a_tumor(doctor, user):
    study = study_of(user, description="x", outcomes=[0.9, "abstained", 0.2])
    for path in (HOME, study.patient.get_absolute_url(), study.get_absolute_url()):
        text = " ".join(doctor.get(path).content.decode().split())
        assert "3 analyzed, no opinion on 1 of them ·" in text


def test_an_image_without_an_opinion_is_said_of_the_study(doctor, user):
    study = study_of(user, description="x", outcomes=[0.1, "abstained", 0.2])
    for path in (HOME, study.patient.get_absolute_url(), study.get_absolute_url()):
        text = " ".join(doctor.get(path).content.decode().split())
        assert "on 1 of 3 images, no tumor detected on the others ·" in text


def test_a_reanalysis_that_waits_does_not_hide_what_is_known(doctor, user):
    study = study_of(user, description="x", outcomes=[0.9])
    Analysis.objects.get().release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    request_analysis(user=user, image=analyses_of(study)[0].image)
    text = doctor.get(HOME).content.decode()
    assert "Tumor detected" in text
    assert "Queued" in text


FILTERS = [
    ({"state": "in_work"}, ["half tumor", "half clear", "queued"]),
    ({"state": "completed"}, ["unsure", "mixed", "abstained", "clear", "tumor"]),
    ({"state": "failed"}, ["mostly failed", "failed"]),
    ({"state": "cancelled"}, ["cancelled"]),
    ({"state": "not_analyzed"}, ["bare"]),
    ({"ai": "tumor"}, ["half tumor", "mixed", "failed", "tumor"]),
    ({"ai": "no_tumor"}, ["clear"]),
    ({"ai": "abstained"}, ["unsure", "mixed", "abstained"]),
    ({"ai": "tumor", "state": "failed"}, ["failed"]),
    ({"q": "mix"}, ["mixed"]),
    ({"state": "nonsense", "ai": "nonsense", "since": "nonsense"}, None),
]


@pytest.fixture
def one_of_each(user):
    for description, outcomes in (
        ("tumor", [0.9]),
        ("clear", [0.1, 0.2]),
        ("abstained", ["abstained"]),
        ("queued", []),
        ("failed", [0.9, "failed"]),
        ("cancelled", ["cancelled"]),
        ("bare", []),
        ("mixed", [0.9, "abstained", "cancelled", 0.1]),
        ("half clear", [0.1, "queued"]),
        ("half tumor", [0.9, "queued"]),
        ("mostly failed", [0.1, "failed", "bare"]),
        ("unsure", [0.1, "abstained"]),
    ):
        study = study_of(user, description=description, outcomes=outcomes)
        if description == "bare":
            forget_analyses(analyses_of(study))


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters_find_what_the_rows_say(doctor, one_of_each, query, expected):
    found = shown(doctor.get(HOME, query))
    assert found == expected if expected is not None else len(found) == 12


@pytest.mark.parametrize("label", ["tumor", "no_tumor"])
def test_a_row_found_by_its_result_shows_that_result(doctor, one_of_each, label):
    everything = doctor.get(HOME).context["summaries"]
    alike = {one.study.description for one in everything if one.label == label}
    assert set(shown(doctor.get(HOME, {"ai": label}))) == alike


@pytest.mark.parametrize("state", ["in_work", "completed", "failed", "cancelled", "not_analyzed"])
def test_a_row_found_by_its_state_shows_that_state(doctor, one_of_each, state):
    summaries = doctor.get(HOME, {"state": state}).context["summaries"]
    assert {summary.state for summary in summaries} == {state}


def test_a_failed_older_release_does_not_count_once_a_newer_one_succeeded(doctor, user):
    study = study_of(user, description="x", outcomes=["failed"])
    Analysis.objects.get().release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    newer, _ = request_analysis(user=user, image=analyses_of(study)[0].image)
    complete(newer)
    assert shown(doctor.get(HOME, {"state": "failed"})) == []
    assert shown(doctor.get(HOME, {"state": "completed"})) == ["x"]


def test_text_finds_name_mrn_and_description(doctor, user):
    patient = PatientFactory(created_by=user, family_name="Andersson", mrn="K-77")
    make_study(user=user, patient=patient, description="Follow-up")
    study_of(user, description="other")
    for text in ("anders", "k-7", "follow", "anders follow", "Andersson, Pat"):
        assert shown(doctor.get(HOME, {"q": text})) == ["Follow-up"], text
    assert b"No study matches" in doctor.get(HOME, {"q": "nobody"}).content


def test_dates_filter_by_the_day_of_the_study(doctor, user):
    today = timezone.localdate()
    for days in (0, 10, 20):
        make_study(user=user, days_ago=days, description=f"{days} days ago")
    query = {"since": today - timedelta(days=15), "until": today - timedelta(days=5)}
    assert shown(doctor.get(HOME, query)) == ["10 days ago"]


def test_rows_in_work_ask_again_and_finished_ones_do_not(doctor, htmx, user):
    study = study_of(user, description="x")
    response = doctor.get(HOME)
    assert b'hx-trigger="every' in response.content
    seen = {"seen": response.context["version"]}
    assert htmx.get(HOME, seen).status_code == 204
    complete(analyses_of(study)[0])
    changed = htmx.get(HOME, seen)
    assert changed.status_code == 200
    assert b"every 3s" not in changed.content


def test_a_superuser_sees_every_clinic_and_its_name_but_no_upload(doctor, user):
    study_of(user, description="here")
    doctor.force_login(UserFactory(superuser=True))
    text = doctor.get(HOME).content.decode()
    assert str(user.clinic) in text
    assert reverse("upload") not in text


def test_the_browser_keeps_no_copy(doctor):
    assert "no-store" in doctor.get(HOME)["Cache-Control"]
