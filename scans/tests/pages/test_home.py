from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.models import Analysis, Study
from scans.pages.home import PAGE_SIZE
from scans.services.analyses import cancel_analysis, request_analysis
from scans.tests.factories import (
    PatientFactory,
    ReleaseFactory,
    abstain,
    complete,
    fail,
    make_study,
)

pytestmark = pytest.mark.django_db
HOME = "/"


def study_of(user, *, description, outcomes=()):
    """A study with one image for each outcome: a probability, or one of the words below."""
    patient = PatientFactory(created_by=user)
    study = make_study(
        user=user, patient=patient, images=len(outcomes) or 1, description=description
    )
    for analysis, outcome in zip(analyses_of(study), outcomes, strict=False):
        match outcome:
            case "abstained":
                abstain(analysis)
            case "failed":
                fail(analysis)
            case "cancelled":
                cancel_analysis(user=user, analysis=analysis)
            case float():
                complete(analysis, probability=outcome)
    return study


def analyses_of(study):
    return Analysis.objects.filter(image__series__study=study).order_by("image__number")


def shown(answer):
    """The descriptions of the studies on the page, in their order."""
    return [summary.study.description for summary in answer.context["summaries"]]


def test_a_new_clinic_is_told_what_to_do(client):
    answer = client.get(HOME)
    assert b"No studies yet" in answer.content
    assert reverse("upload").encode() in answer.content


def test_a_study_is_listed_with_all_that_matters(client, user):
    study = study_of(user, description="Head, axial", outcomes=[0.2, 0.973])
    text = client.get(HOME).content.decode()
    release = analyses_of(study)[0].release
    speaking = analyses_of(study)[1].image
    for part in (
        study.patient.name,
        study.patient.mrn,
        "Head, axial",
        "2 images",
        "Tumor detected",
        "97.3\N{NO-BREAK SPACE}%",
        str(release),
        "Analyzed",
        reverse("image-file", args=[speaking.pk, "thumbnail"]),
    ):
        assert part in text


def test_the_newest_received_comes_first(client, user):
    for name in ("first", "second", "third"):
        study_of(user, description=name)
    assert shown(client.get(HOME)) == ["third", "second", "first"]


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([0.1, 0.9], "Tumor detected"),
        ([0.1, 0.2], "No tumor detected"),
        ([0.1, "abstained"], "No tumor detected"),
        (["abstained", "abstained"], "No AI opinion"),
    ],
)
def test_the_most_suspicious_image_speaks_for_the_study(client, user, outcomes, words):
    study_of(user, description="x", outcomes=outcomes)
    row = client.get(HOME).content.decode().split('class="ns-table-row"')[1]
    assert f'<span class="ns-ai-words">{words}</span>' in row


def test_a_reanalysis_that_waits_does_not_hide_what_is_known(client, user):
    study = study_of(user, description="x", outcomes=[0.9])
    Analysis.objects.get().release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    request_analysis(user=user, image=analyses_of(study)[0].image)
    text = client.get(HOME).content.decode()
    assert "Tumor detected" in text
    assert "Queued" in text


FILTERS = [
    ({"state": "in_work"}, ["queued"]),
    ({"state": "completed"}, ["mixed", "abstained", "clear", "tumor"]),
    ({"state": "failed"}, ["failed"]),
    ({"state": "cancelled"}, ["cancelled"]),
    ({"state": "not_analyzed"}, ["bare"]),
    ({"ai": "tumor"}, ["mixed", "failed", "tumor"]),
    ({"ai": "no_tumor"}, ["clear"]),
    ({"ai": "abstained"}, ["abstained"]),
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
    ):
        study = study_of(user, description=description, outcomes=outcomes)
        if description == "bare":
            analyses_of(study).delete()


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters_find_what_the_rows_say(client, one_of_each, query, expected):
    found = shown(client.get(HOME, query))
    assert found == expected if expected is not None else len(found) == 8


@pytest.mark.parametrize("state", ["in_work", "completed", "failed", "cancelled", "not_analyzed"])
def test_a_row_found_by_its_state_shows_that_state(client, one_of_each, state):
    summaries = client.get(HOME, {"state": state}).context["summaries"]
    assert {summary.state for summary in summaries} == {state}


def test_a_failed_older_release_does_not_count_once_a_newer_one_succeeded(client, user):
    study = study_of(user, description="x", outcomes=["failed"])
    Analysis.objects.get().release.__class__.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    newer, _ = request_analysis(user=user, image=analyses_of(study)[0].image)
    complete(newer)
    assert shown(client.get(HOME, {"state": "failed"})) == []
    assert shown(client.get(HOME, {"state": "completed"})) == ["x"]


def test_text_finds_name_mrn_and_description(client, user):
    patient = PatientFactory(created_by=user, family_name="Andersson", mrn="K-77")
    make_study(user=user, patient=patient, description="Follow-up")
    study_of(user, description="other")
    for text in ("anders", "k-7", "follow", "anders follow", "Andersson, Pat"):
        assert shown(client.get(HOME, {"q": text})) == ["Follow-up"], text
    assert b"No study matches" in client.get(HOME, {"q": "nobody"}).content


def test_dates_filter_by_the_day_of_the_study(client, user):
    today = timezone.localdate()
    for days in (0, 10, 20):
        make_study(user=user, days_ago=days, description=f"{days} days ago")
    query = {"since": today - timedelta(days=15), "until": today - timedelta(days=5)}
    assert shown(client.get(HOME, query)) == ["10 days ago"]


def many_studies(user, number):
    """Rows only: this is about lists."""
    patient = PatientFactory(created_by=user)
    now = timezone.now()
    rows = Study.objects.bulk_create(
        Study(
            clinic=user.clinic,
            patient=patient,
            study_date=now.date(),
            description=f"study {n}",
            received_by=user,
        )
        for n in range(number)
    )
    for n, row in enumerate(rows):
        # Pairs share a moment, so that the id has to decide.
        Study.objects.filter(pk=row.pk).update(received_at=now - timedelta(minutes=n // 2))
    return patient


def test_pages_go_older_and_newer_without_gap_or_repeat(client, user):
    many_studies(user, 2 * PAGE_SIZE + 5)
    expected = list(Study.objects.order_by("-received_at", "-id").values_list("pk", flat=True))
    seen, address = [], HOME
    while address:
        answer = client.get(address)
        page = [summary.study.pk for summary in answer.context["summaries"]]
        seen += page
        newer, address = answer.context["newer"], answer.context["older"]
    assert seen == expected
    back = client.get(newer)
    assert [summary.study.pk for summary in back.context["summaries"]] == expected[25:50]
    first = client.get(back.context["newer"])
    assert [summary.study.pk for summary in first.context["summaries"]] == expected[:25]
    assert first.context["newer"] == ""


def test_a_page_stays_what_it_is_when_newer_studies_arrive(client, user):
    patient = many_studies(user, PAGE_SIZE + 3)
    older = client.get(HOME).context["older"]
    before = shown(client.get(older))
    make_study(user=user, patient=patient)
    assert shown(client.get(older)) == before


def test_filters_stay_while_paging(client, user):
    many_studies(user, PAGE_SIZE + 1)
    assert "q=study" in client.get(HOME, {"q": "study"}).context["older"]


@pytest.mark.parametrize("token", ["x", "AAAA", "WyJmIl0", "bm9uc2Vuc2U", "%00"])
def test_a_page_token_that_makes_no_sense_is_the_first_page(client, user, token):
    study_of(user, description="here")
    assert shown(client.get(HOME, {"page": token})) == ["here"]


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client, user, django_assert_max_num_queries
):
    for number in range(3):
        study_of(user, description=f"{number}", outcomes=[0.2, 0.9, "abstained"])
    with django_assert_max_num_queries(9):
        client.get(HOME)
    many_studies(user, PAGE_SIZE)
    with django_assert_max_num_queries(9):
        client.get(HOME, {"q": "study", "state": "not_analyzed"})


def test_no_page_is_found_by_counting(client, user, django_assert_max_num_queries):
    many_studies(user, 2 * PAGE_SIZE)
    older = client.get(HOME).context["older"]
    with django_assert_max_num_queries(9) as queries:
        client.get(older)
    assert not [one for one in queries if "OFFSET" in one["sql"] or "COUNT(" in one["sql"]]


def test_htmx_gets_the_rows_and_the_address_to_show(htmx, user):
    study_of(user, description="found")
    answer = htmx.get(
        HOME, {"q": "found", "state": "", "ai": ""}, headers={"HX-Trigger": "study-filters"}
    )
    assert b"<html" not in answer.content
    assert answer["HX-Replace-Url"] == "/?q=found"


def test_rows_in_work_ask_again_and_finished_ones_do_not(client, htmx, user):
    study = study_of(user, description="x")
    answer = client.get(HOME)
    assert b'hx-trigger="every' in answer.content
    seen = {"seen": answer.context["version"]}
    assert htmx.get(HOME, seen).status_code == 204
    complete(analyses_of(study)[0])
    changed = htmx.get(HOME, seen)
    assert changed.status_code == 200
    assert b"every 3s" not in changed.content


def test_a_superuser_sees_every_clinic_and_its_name_but_no_upload(client, user):
    study_of(user, description="here")
    client.force_login(UserFactory(superuser=True))
    text = client.get(HOME).content.decode()
    assert str(user.clinic) in text
    assert reverse("upload") not in text


def test_the_browser_keeps_no_copy(client):
    assert "no-store" in client.get(HOME)["Cache-Control"]
