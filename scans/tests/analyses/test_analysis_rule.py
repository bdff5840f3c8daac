"""Which series are analyzed as they arrive is a rule of the clinic."""

import random
from datetime import date
from itertools import pairwise

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Analysis, AnalysisRule, Image, Series, SeriesStatement
from scans.services.analyses.rescoring import unscored_images
from scans.services.analyses.rule_preview import preview
from scans.services.analyses.slice_choice import places_to_add
from scans.services.studies.receiving import receive_study
from scans.services.studies.summaries import summarize
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, complete
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import signed_in, text_of
from scans.tests.core.pressing import press
from scans.tests.studies.dicom_files import slice_of

pytestmark = pytest.mark.django_db
PAGE = "analysis-rule"
DWI = {"SeriesDescription": "ep2d DWI b1000", "series": 2}
FLAIR = {"SeriesDescription": "t2 flair"}
DERIVED = {"series": 3, "ImageType": ["DERIVED", "SECONDARY", "FA"]}


@pytest.fixture(autouse=True)
def release():
    return ReleaseFactory(states_series=True)


@pytest.fixture
def patient(user):
    return PatientFactory(created_by=user)


@pytest.fixture
def administrator(user):
    return UserFactory(administrator=True, clinic=user.clinic)


def chosen(**changes):
    """What the page sends; the rule of a clinic that has set none, but for these."""
    rule = AnalysisRule()
    values = {
        "sequences": rule.sequences,
        "planes": rule.planes,
        "without_body_part": "on",
        "every_nth_slice": 1,
    } | changes
    return {name: value for name, value in values.items() if value != ""}


def without(name, *left_out):
    return {name: [one for one in getattr(AnalysisRule(), name) if one not in left_out]}


def set_rule(administrator, **changes):
    response = signed_in(administrator).post(reverse(PAGE), chosen(**changes))
    assert response.status_code == 302
    return AnalysisRule.objects.get(clinic=administrator.clinic)


def send(patient, *contents, **more):
    files = [pictures.upload(f"{n}.dcm", one) for n, one in enumerate(contents)]
    return receive_study(
        user=patient.created_by, patient=patient, study_date=date(2026, 1, 3), files=files, **more
    )


def analyzed_numbers(series=None):
    rows = Analysis.objects.filter(image__series=series) if series else Analysis.objects.all()
    return sorted(rows.values_list("image__number", flat=True))


def test_a_series_that_the_rule_leaves_out_says_so_and_can_be_asked_for(
    administrator, patient, doctor
):
    set_rule(administrator, **without("sequences", "DWI"))
    receipt = send(patient, slice_of(**FLAIR), slice_of(**DWI))
    series = Series.objects.get(number=2)
    sentence = "Not analyzed: the clinic's rule leaves out DWI series."
    assert series.why_not_analyzed == sentence
    assert [one.detail for one in receipt.outcomes] == ["", sentence]
    assert [row.image.series.number for row in Analysis.objects.all()] == [1]
    page = text_of(doctor.get(receipt.study.get_absolute_url()))
    assert "rule leaves out DWI series." in page
    doctor.post(reverse("series-analyze", args=[series.pk]))
    assert analyzed_numbers(series) == [1]
    series.refresh_from_db()
    assert series.why_not_analyzed == ""


@pytest.mark.parametrize(
    ("changes", "content", "words"),
    [
        (without("sequences", "ADC"), {"SeriesDescription": "ADC map"}, "ADC series"),
        (without("sequences", "T1c"), {"SeriesDescription": "t1 post gd"}, "T1 series with"),
        (without("sequences", "unknown"), {}, "an unknown sequence"),
        (without("planes", "axial"), {}, "axial series"),
        (
            without("planes", "sagittal"),
            {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
            "sagittal series",
        ),
        ({"without_body_part": ""}, {}, "no part of the body"),
        ({"without_body_part": ""}, {"BodyPartExamined": "UNKNOWN"}, "no part of the body"),
        ({"without_body_part": ""}, {"BodyPartExamined": "BRAIN"}, ""),
        (without("sequences", "DWI", "T2"), FLAIR, ""),
    ],
)
def test_what_the_header_says_decides(administrator, patient, changes, content, words):
    set_rule(administrator, **changes)
    send(patient, slice_of(**content))
    series = Series.objects.get()
    assert words in series.why_not_analyzed
    assert bool(series.why_not_analyzed) == bool(words)
    assert Analysis.objects.count() == (not words)


def test_derived_series_are_analyzed_where_they_are_chosen(administrator, patient):
    send(patient, slice_of(study=1, **DERIVED))
    assert not Analysis.objects.exists()
    set_rule(administrator, sequences=["derived"])
    send(patient, slice_of(study=2, **DERIVED), slice_of(study=2, **FLAIR))
    assert [row.image.series.kind for row in Analysis.objects.all()] == ["derived MR image"]


def test_a_picture_counts_as_what_its_sender_states_else_as_unknown(administrator, patient):
    set_rule(administrator, **without("sequences", "unknown"))
    for seed, acquisition in enumerate(({}, {"sequence": "FLAIR"})):
        receive_study(
            user=patient.created_by,
            patient=patient,
            study_date=date(2026, 1, 3),
            files=[pictures.upload("a.png", pictures.png(seed))],
            acquisition=acquisition,
        )
    left_out = [bool(one.why_not_analyzed) for one in Series.objects.order_by("study__received_at")]
    assert left_out == [True, False]


def test_every_third_slice_is_analyzed_until_a_reader_asks_for_the_others(
    administrator, patient, doctor
):
    set_rule(administrator, every_nth_slice=3)
    study = send(patient, *(slice_of(number=n, **FLAIR) for n in range(1, 9))).study
    series = Series.objects.get()
    assert analyzed_numbers() == [1, 4, 7]
    page = text_of(doctor.get(study.get_absolute_url()))
    assert "every 3rd slice is analyzed: 3 of 8." in page
    api = asking_as(patient.created_by).get(f"/api/v1/studies/{study.pk}/").json()
    assert [one["every_nth_slice"] for one in api["series"]] == [3]
    for analysis in Analysis.objects.all():
        complete(analysis, probability=0.05)
    assert unscored_images(patient=patient) is None  # what the rule left out is not missing
    (summary,) = summarize([study], user=patient.created_by)
    assert (summary.words, summary.to_analyze, summary.label) == ("Analyzed", 3, "no_tumor")
    response = asking_as(patient.created_by).post(reverse("api:series-analyze", args=[series.pk]))
    assert response.json() == {"queued": 5}
    assert analyzed_numbers() == list(range(1, 9))
    assert "every 3rd" not in text_of(doctor.get(study.get_absolute_url()))
    again = asking_as(patient.created_by).post(reverse("api:series-analyze", args=[series.pk]))
    assert again.status_code == 409
    send(patient, slice_of(number=9, **FLAIR))
    assert 9 in analyzed_numbers()


def test_the_statement_is_of_the_slices_that_the_rule_asked_for(administrator, patient):
    set_rule(administrator, every_nth_slice=2)
    contents = [slice_of(number=n, z=2.5 * n, **FLAIR) for n in range(1, 9)]
    send(patient, *contents)
    for analysis in Analysis.objects.all():
        complete(analysis, probability=0.95)
    statement = SeriesStatement.objects.current().get()
    # 2.5 mm apart, so 5 mm from one that is analyzed to the next: what the rule was made for.
    assert (statement.label, statement.analyzed, statement.slices) == ("tumor", 4, 8)
    assert (statement.abstained, statement.is_final) == (0, True)
    assert {one["number"] for one in statement.carrying} <= {1, 3, 5, 7}


@pytest.mark.parametrize("order", [range(1, 8), range(7, 0, -1), (4, 7, 1, 2, 6, 3, 5)])
def test_pieces_keep_their_analyses_and_leave_no_gap(administrator, patient, order):
    set_rule(administrator, every_nth_slice=3)
    for number in order:
        before = set(Analysis.objects.values_list("pk", flat=True))
        content = slice_of(number=number, **FLAIR)
        send(patient, content)
        send(patient, content)  # once more: a duplicate
        assert before <= set(Analysis.objects.values_list("pk", flat=True))
    numbers = analyzed_numbers()
    assert len(set(numbers)) == len(numbers)
    assert max(b - a for a, b in pairwise([0, *numbers, 8])) <= 3
    assert len(numbers) <= 5
    assert Image.objects.count() == 7


@pytest.mark.parametrize("seed", range(3))
def test_slices_in_any_order_have_about_twice_as_many_at_most(seed):
    for every in range(1, 11):
        drawn = random.Random(seed)
        analyzed: list[bool] = []
        for _ in range(120):
            analyzed.insert(
                drawn.choice([0, len(analyzed), drawn.randint(0, len(analyzed))]), False
            )
            for place in places_to_add(analyzed, every=every):
                assert not analyzed[place]
                analyzed[place] = True
        there = [-1, *(place for place, known in enumerate(analyzed) if known), len(analyzed)]
        assert max(b - a for a, b in pairwise(there)) <= every
        assert sum(analyzed) <= 2 * 120 / every + 1
    assert places_to_add([False] * 8, every=3) == [0, 3, 6]
    assert places_to_add([], every=3) == []


def test_the_preview_says_what_a_rule_would_do_and_saves_nothing(
    administrator, patient, django_assert_num_queries
):
    contents = [slice_of(number=n, **FLAIR) for n in range(1, 6)]
    localizer = slice_of(series=4, SeriesDescription="localizer")
    study = send(patient, *contents, slice_of(**DWI), slice_of(**DERIVED), localizer).study
    UserFactory(administrator=True)
    client = signed_in(administrator)
    page = text_of(client.get(reverse(PAGE)))
    assert "6 of 8 images analyzed" in " ".join(page.split())
    assert "2 of 4 series left out" in " ".join(page.split())
    assert "Otherwise now" not in page
    wanted = chosen(preview="1", every_nth_slice=2, **without("sequences", "DWI"))
    response = client.post(reverse(PAGE), wanted)
    page = " ".join(text_of(response).split())
    assert response.status_code == 200
    assert "Not saved" in page
    assert "Analyzed: 3 of 5 slices" in page
    assert "the clinic&#x27;s rule leaves out DWI series." in page
    assert "a localizer is for planning" in page
    assert page.count("Otherwise now") == 2
    assert study.get_absolute_url() in page
    assert not AnalysisRule.objects.exists()
    assert not Series.objects.filter(every_nth_slice=2).exists()
    assert not AuditEvent.objects.filter(action="analysis_rule.changed").exists()
    send(PatientFactory(created_by=patient.created_by), slice_of(study=2), slice_of(study=2, **DWI))
    with django_assert_num_queries(3):
        shown = preview(AnalysisRule(clinic=administrator.clinic), user=administrator)
    assert (len(shown.studies), len(shown.series)) == (2, 6)


def test_the_preview_is_of_the_clinics_own_studies(patient):
    send(patient, slice_of(**FLAIR))
    page = text_of(signed_in(UserFactory(administrator=True)).get(reverse(PAGE)))
    assert "no studies with images yet" in page


def test_the_rule_acts_on_what_arrives_later(administrator, patient):
    send(patient, *(slice_of(number=n, **DWI) for n in (1, 2)))
    set_rule(administrator, every_nth_slice=2, **without("sequences", "DWI"))
    assert Analysis.objects.count() == 2
    send(patient, slice_of(number=3, **DWI))  # of a series that was there
    assert Analysis.objects.count() == 3
    other = UserFactory()
    send(PatientFactory(created_by=other), slice_of(**DWI))  # of another clinic
    assert Analysis.objects.count() == 4


def test_a_change_is_in_the_audit_trail(administrator):
    set_rule(administrator, every_nth_slice=4)
    set_rule(administrator, every_nth_slice=4)  # nothing changes
    event = AuditEvent.objects.get(action="analysis_rule.changed")
    assert event.actor == administrator
    assert event.detail == {
        "fields": ["every_nth_slice"],
        "before": {"every_nth_slice": 1},
        "after": {"every_nth_slice": 4},
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sequences": []}, "Choose at least one sequence."),
        ({"sequences": ["T9"]}, "T9 is not one of the available choices"),
        ({"planes": []}, "Choose at least one plane."),
        ({"every_nth_slice": 0}, "greater than or equal to 1"),
        ({"every_nth_slice": 11}, "less than or equal to 10"),
        ({"every_nth_slice": "x"}, "Enter a whole number."),
        ({"every_nth_slice": ""}, "Enter a number from 1 to 10."),
    ],
)
@pytest.mark.parametrize("preview", [{}, {"preview": "1"}])
def test_what_cannot_be_is_refused_in_words(administrator, changes, words, preview):
    response = signed_in(administrator).post(reverse(PAGE), chosen(**changes) | preview)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not AnalysisRule.objects.exists()


def test_a_page_that_is_behind_undoes_nobodys_rule(administrator):
    client = signed_in(administrator)
    seen = client.get(reverse(PAGE)).context["form"]["seen"].value()
    set_rule(administrator, every_nth_slice=4)
    response = client.post(reverse(PAGE), chosen(seen=seen, every_nth_slice=2))
    assert response.status_code == 422
    assert "n = 4" in text_of(response)
    assert AnalysisRule.objects.get().every_nth_slice == 4
    again = response.context["form"]["seen"].value()
    assert client.post(reverse(PAGE), chosen(seen=again, every_nth_slice=2)).status_code == 302
    assert AnalysisRule.objects.get().every_nth_slice == 2


def test_others_do_not_see_or_set_it(doctor):
    assert doctor.get(reverse(PAGE)).status_code == 403
    assert doctor.post(reverse(PAGE), chosen(every_nth_slice=2)).status_code == 403
    superuser = signed_in(UserFactory(superuser=True))
    assert superuser.get(reverse(PAGE)).status_code == 403
    assert not AnalysisRule.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_administrator_looks_at_the_preview_and_saves(
    administrator, patient, browsing, assert_accessible
):
    send(patient, *(slice_of(number=n, **FLAIR) for n in range(1, 5)), slice_of(**DWI))
    page = browsing.of(administrator)
    page.goto(reverse("clinic-settings"))
    page.wait_for_load_state("load")
    press(page, page.get_by_role("link", name="What is analyzed"))
    expect(page.get_by_role("heading", name="What is analyzed")).to_be_visible()
    page.wait_for_load_state("load")
    assert_accessible(page)
    box = page.get_by_label("DWI", exact=True)
    box.scroll_into_view_if_needed()
    press(page, box)
    page.get_by_label("Analyze every n-th slice").fill("2")
    preview_button = page.get_by_role("button", name="Preview")
    preview_button.scroll_into_view_if_needed()
    press(page, preview_button)
    expect(page.get_by_text("Not saved")).to_be_visible()
    expect(page.get_by_text("Analyzed: 2 of 4 slices")).to_be_visible()
    page.wait_for_load_state("load")
    assert_accessible(page)
    assert not AnalysisRule.objects.exists()
    save = page.get_by_role("button", name="Save", exact=True)
    save.scroll_into_view_if_needed()
    press(page, save)
    expect(page.get_by_text("The rule is saved.")).to_be_visible()
    rule = AnalysisRule.objects.get()
    assert (rule.every_nth_slice, "DWI" in rule.sequences) == (2, False)
