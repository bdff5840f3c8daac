"""The statistics page and its API: figures from signed verdicts of the own clinic only."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.models import Image, ModelRelease
from scans.services.analyses.lifecycle import request_analysis
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment, commit_finding, sign_verdict
from scans.tests.core.factories import ReleaseFactory, abstain, complete, make_image, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(user):
    client = Client()
    client.force_login(UserFactory(clinic=user.clinic, administrator=True))
    return client


def signed(user, *, probability, finding):
    study = make_study(user=user)
    analysis = Image.objects.get(series__study=study).analyses.get()
    if probability is None:
        abstain(analysis)
    else:
        complete(analysis, probability=probability)
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding=finding))
    return study


def figures(client, **query):
    return client.get(reverse("api:statistics"), query).json()


def test_the_figures_are_of_final_verdicts(administrator, user):
    for probability, finding in [
        *[(0.95, "tumor")] * 3,
        (0.2, "tumor"),
        (0.9, "no_tumor"),
        (0.1, "no_tumor"),
        (0.8, "unsure"),
        (None, "tumor"),
    ]:
        signed(user, probability=probability, finding=finding)
    make_study(user=user)  # not read
    found = figures(administrator)
    all_of_it = found["overall"]
    assert (all_of_it["true_positive"], all_of_it["false_negative"]) == (3, 1)
    assert (all_of_it["false_positive"], all_of_it["true_negative"]) == (1, 1)
    assert (all_of_it["cases"], all_of_it["unsure"], all_of_it["no_opinion"]) == (8, 1, 1)
    assert all_of_it["sensitivity"]["value"] == 0.75
    assert len(found["disagreements"]) == 2
    tenth = found["calibration"][9]["tumors"]
    assert (tenth["count"], tenth["total"]) == (3, 4)
    (month,) = found["input_by_month"]
    assert month["inflow"]["abstained"]["count"] == 1
    (own,) = found["reader_ai"]
    assert own["kappa"]["agreed"] == 4
    text = administrator.get(reverse("statistics")).content.decode()
    assert "not a diagnosis" in text
    assert "3 of 4" in text
    assert AuditEvent.objects.filter(action="study.listed").exists()


def test_a_release_that_analyzed_nothing_has_no_figures(administrator, user):
    signed(user, probability=0.9, finding="tumor")
    other = ModelRelease.objects.create(
        name="other", version="9", sha256="0", folder="x", threshold=0.5, manifest={}
    )
    assert figures(administrator, release=other.pk)["overall"]["cases"] == 0
    assert figures(administrator, source="image/png")["overall"]["cases"] == 1
    assert figures(administrator, source="image/jpeg")["overall"]["cases"] == 0


@pytest.mark.parametrize("release", ["nonsense", str(uuid4())], ids=["no id", "unknown"])
def test_a_release_that_is_none_is_ignored_on_pages_and_refused_by_file_and_api(
    administrator, user, release
):
    signed(user, probability=0.9, finding="tumor")
    query = {"release": release, "source": "", "month": "x" * 300}
    page = administrator.get(reverse("statistics"), query)
    assert (page.context["release"], page.context["month"]) == (None, "")
    assert page.context["statistics"].overall.studies == 1
    file = administrator.get(reverse("statistics-csv", args=["parts"]), query)
    assert file.status_code == 400  # a file of more than was asked for would not show it
    assert "release" in file.content.decode()
    refused = administrator.get(reverse("api:statistics"), {"release": release})
    assert refused.status_code == 400
    assert refused.json()["errors"] == {"release": ["There is no such model release."]}


def test_page_file_and_api_filter_alike(administrator, user):
    study = signed(user, probability=0.9, finding="tumor")
    month = f"{timezone.localtime(study.verdicts.get().signed_at):%Y-%m}"
    for query, count in [
        ({"month": month, "source": "image/png"}, 1),
        ({"month": "1999-01"}, 0),
        ({"source": "image/jpeg"}, 0),
    ]:
        page = administrator.get(reverse("statistics"), query)
        assert page.context["statistics"].overall.studies == count
        for send in (administrator.get, administrator.post):
            file = send(reverse("statistics-csv", args=["parts"]), query)
            assert f"\r\nall,,{count}," in file.content.decode()
        assert figures(administrator, **query)["overall"]["cases"] == count


def test_two_readers_and_their_kappa(administrator, user):
    other = UserFactory(clinic=user.clinic, radiologist=True)
    for one, two in [("tumor", "tumor"), ("no_tumor", "no_tumor"), ("tumor", "no_tumor")]:
        study = make_study(user=user)
        set_readers_required(user=user, study=study, readers=2)
        sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding=one))
        sign_verdict(user=other, study=study, verdict_input=VerdictInput(finding=two))
    (pair,) = figures(administrator)["reader_pairs"]
    assert (pair["kappa"]["cases"], pair["kappa"]["agreed"]) == (3, 2)
    assert pair["kappa"]["value"] == pytest.approx(0.4)


def read_first(study, reader, committed, finding):
    commit_finding(user=reader, study=study, finding=committed)
    sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding=finding))


def test_a_count_does_not_tell_of_a_study_that_is_being_read_blind(administrator, user):
    Clinic.objects.update(read_first=True)
    study = make_study(user=user)
    set_readers_required(user=user, study=study, readers=2)
    read_first(study, user, "no_tumor", "tumor")
    assert figures(administrator)["changed_after_ai"]["total"] == 0
    read_first(study, UserFactory(clinic=user.clinic, radiologist=True), "tumor", "tumor")
    changed = figures(administrator)["changed_after_ai"]
    assert (changed["count"], changed["total"]) == (1, 2)


def test_the_part_that_is_looked_at_is_the_part_of_every_figure(administrator, user):
    Clinic.objects.update(read_first=True)
    other = UserFactory(clinic=user.clinic, radiologist=True)
    study = make_study(user=user)
    complete(Image.objects.get(series__study=study).analyses.get())
    set_readers_required(user=user, study=study, readers=2)
    for reader in (user, other):
        read_first(study, reader, "no_tumor", "tumor")
    month = figures(administrator)["months"][0]
    for part in ({"source": "image/png"}, {"month": month}):
        found = figures(administrator, **part)
        assert (found["changed_after_ai"]["total"], len(found["reader_pairs"])) == (2, 1)
    for part in ({"source": "image/jpeg"}, {"month": "2001-01"}, {"release": ReleaseFactory().pk}):
        found = figures(administrator, **part)
        assert (found["changed_after_ai"]["total"], len(found["reader_pairs"])) == (0, 0)
        assert found["reader_ai"] == []


def test_agreement_is_of_the_finding_that_the_ai_could_not_lead(administrator, user):
    """Of the committed one, else the first signed one: never of an amendment."""
    led = signed(user, probability=0.9, finding="no_tumor")
    begin_amendment(user=user, study=led)
    amended = VerdictInput(finding="tumor", amendment_reason="The AI is right.")
    sign_verdict(user=user, study=led, verdict_input=amended)
    (own,) = figures(administrator)["reader_ai"]
    assert (own["kappa"]["cases"], own["kappa"]["agreed"]) == (1, 0)
    Clinic.objects.update(read_first=True)
    other = UserFactory(clinic=user.clinic, radiologist=True)
    study = make_study(user=user)
    complete(Image.objects.get(series__study=study).analyses.get(), probability=0.9)
    set_readers_required(user=user, study=study, readers=2)
    read_first(study, user, "no_tumor", "tumor")
    read_first(study, other, "tumor", "tumor")
    found = figures(administrator)
    agreed = {row["first"]: row["kappa"]["agreed"] for row in found["reader_ai"]}
    assert agreed == {str(user): 0, str(other): 1}
    assert found["reader_pairs"][0]["kappa"]["agreed"] == 0
    page = administrator.get(reverse("statistics")).content.decode()
    assert "committed before the AI result was shown" in page


def test_the_page_says_how_many_studies_differ_and_the_file_has_them_all(
    administrator, user, monkeypatch
):
    monkeypatch.setattr("scans.pages.statistics.views.DISAGREEMENTS", 2)
    for _ in range(3):
        signed(user, probability=0.9, finding="no_tumor")
    page = administrator.get(reverse("statistics")).content.decode()
    assert "2 signed last of 3 studies" in page
    assert page.count(">Study of ") == 2
    file = administrator.get(reverse("statistics-csv", args=["differences"]))
    assert len(file.content.decode().strip().splitlines()) == 1 + 3


def test_medians_of_several_releases_are_not_mixed(administrator, user):
    first = complete(make_image(user=user).analyses.get(), distance=0.5)
    ModelRelease.objects.update(is_active=False)
    ReleaseFactory(is_active=True)
    complete(make_image(user=user).analyses.get(), distance=0.1)
    found = figures(administrator)
    assert found["inflow"]["median_distance"] is None
    assert found["input_by_month"][0]["inflow"]["median_distance"] is None
    assert found["inflow"]["far"]["total"] == 2
    assert figures(administrator, release=first.release_id)["inflow"]["median_distance"] == 0.5
    assert "of several releases" in administrator.get(reverse("statistics")).content.decode()


def test_another_clinic_is_not_in_it(administrator):
    signed(UserFactory(radiologist=True), probability=0.9, finding="tumor")
    assert figures(administrator)["overall"]["cases"] == 0
    assert "No final verdicts yet" in administrator.get(reverse("statistics")).content.decode()


def asking_as(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize(
    ("role", "statistics", "settings"),
    [("clinician", 403, 403), ("radiologist", 200, 403), ("administrator", 200, 200)],
)
def test_who_sees_them_and_the_settings(user, role, statistics, settings):
    client = asking_as(UserFactory(clinic=user.clinic, **{role: True}))
    for name in ("statistics", "api:statistics"):
        assert client.get(reverse(name)).status_code == statistics
    assert client.get(reverse("clinic-settings")).status_code == settings


def test_how_well_two_people_agree_is_for_themselves_and_who_manages_people(administrator, user):
    other, third = (UserFactory(clinic=user.clinic, radiologist=True) for _ in range(2))
    study = make_study(user=user)
    complete(Image.objects.get(series__study=study).analyses.get())
    set_readers_required(user=user, study=study, readers=2)
    for reader in (user, other):
        sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding="tumor"))
    seen = {
        who: (len(found["reader_pairs"]), len(found["reader_ai"]))
        for who, found in (
            ("administrator", figures(administrator)),
            ("first", figures(asking_as(user))),
            ("third", figures(asking_as(third))),
        )
    }
    assert seen == {"administrator": (1, 2), "first": (1, 1), "third": (0, 0)}
    page = asking_as(third).get(reverse("statistics")).content.decode()
    assert "You see the rows that you are in" in page


def test_what_comes_in_is_told_by_month_and_how_far_it_lies_from_training(administrator, user):
    for months, distance in [(0, 0.4), (0, 1.2), (0, None), (2, 0.2), (2, 0.6)]:
        image = make_image(user=user)
        far = distance is None or distance >= 1
        (abstain if far else complete)(image.analyses.get(), distance=distance)
        received = timezone.now() - timedelta(days=31 * months)
        Image.objects.filter(pk=image.pk).update(received_at=received)
    found = figures(administrator)
    older, newer = (month["inflow"] for month in found["input_by_month"])
    assert (older["images"], older["far"]["count"], older["median_distance"]) == (2, 0, 0.4)
    assert (newer["far"]["count"], newer["far"]["total"]) == (1, 2)
    assert (newer["abstained"]["count"], newer["abstained"]["total"]) == (2, 3)
    assert found["inflow"]["images"] == 5
    text = administrator.get(reverse("statistics")).content.decode()
    assert "Out of distribution" in text  # also before the first verdict
    assert "No final verdicts yet" in text


def test_an_image_that_two_releases_analyzed_counts_once_with_the_newest(administrator, user):
    first = complete(make_image(user=user).analyses.get(), distance=0.5)
    ModelRelease.objects.update(is_active=False)
    second = ReleaseFactory(is_active=True)
    newer, _ = request_analysis(user=user, image=first.image)
    complete(newer, distance=0.9)
    assert figures(administrator)["inflow"]["median_distance"] == 0.9
    by_first = figures(administrator, release=first.release_id)
    assert by_first["inflow"]["median_distance"] == 0.5
    assert figures(administrator, release=second.pk)["inflow"]["images"] == 1


def test_what_is_withheld_is_in_no_figure(administrator, user):
    Clinic.objects.update(read_first=True)
    study = make_study(user=user)
    abstain(Image.objects.get(series__study=study).analyses.get(), distance=1.3)
    assert figures(administrator)["inflow"]["images"] == 0
    commit_finding(user=user, study=study, finding="tumor")
    sign_verdict(user=user, study=study, verdict_input=VerdictInput(finding="tumor"))
    assert figures(administrator)["inflow"]["abstained"]["count"] == 1


def test_the_page_says_that_the_kind_of_file_is_all_that_is_known_of_a_source(administrator):
    text = administrator.get(reverse("statistics")).content.decode()
    assert "do not say which scanner" in text


@pytest.mark.parametrize("address", ["statistics", "api:statistics"])
def test_they_take_a_fixed_number_of_queries(
    administrator, user, django_assert_max_num_queries, address
):
    def queries():
        with django_assert_max_num_queries(30) as counted:
            administrator.get(reverse(address))
        return len(counted)

    signed(user, probability=0.9, finding="tumor")
    signed(user, probability=0.9, finding="no_tumor")
    administrator.get(reverse(address))  # what the first request of a process asks once
    first = queries()
    for _ in range(2):
        signed(user, probability=0.2, finding="no_tumor")
        signed(user, probability=0.2, finding="tumor")
    assert queries() == first


def test_a_probability_just_below_the_threshold_reads_below_it_in_every_table(administrator, user):
    signed(user, probability=0.49996, finding="tumor")
    page = administrator.get(reverse("statistics")).content.decode()
    assert "probability &lt;0.500" in page
    for name, arguments in (("statistics-csv", ["differences"]), ("studies-csv", [])):
        file = administrator.get(reverse(name, args=arguments)).content.decode()
        assert "No tumor detected,<0.500" in file, name


def test_beside_a_confidence_stands_the_clinics_own_record_once_it_is_long_enough(
    doctor, user, monkeypatch
):
    study = signed(user, probability=0.97, finding="tumor")
    page = doctor.get(study.get_absolute_url()).content.decode()
    assert "too few to say" in page
    monkeypatch.setattr("scans.services.statistics.observed_accuracy.ENOUGH", 1)
    page = doctor.get(study.get_absolute_url()).content.decode()
    assert "In this clinic 1 of 1 signed studies scoring 0.9 to 1.0" in page


def test_settings_are_changed_with_a_trace_and_refused_in_words(administrator, user):
    path = reverse("clinic-settings")
    sent = {"read_first": "on", "stat_max_wait_minutes": 30}
    sent |= {"urgent_max_wait_minutes": 120, "routine_max_wait_minutes": 600}
    sent |= {"signing_minutes": 10, "file_identity": "keep", "arrival_quiet_seconds": 120}
    assert administrator.post(path, sent).status_code == 302
    clinic = Clinic.objects.get(pk=user.clinic_id)
    assert (clinic.read_first, clinic.stat_max_wait_minutes) == (True, 30)
    event = AuditEvent.objects.get(action="clinic.settings_changed")
    assert event.detail["read_first"] == [False, True]
    refused = administrator.post(path, sent | {"stat_max_wait_minutes": 900})
    assert refused.status_code == 422
    assert "must not wait longer" in refused.content.decode()


def test_reasons_of_the_clinic_are_added_and_retired(administrator, user):
    add = reverse("clinic-reason-add")
    administrator.post(add, {"words": "Motion blur"})
    reason = user.clinic.reasons.get()
    assert (reason.code, reason.label) == ("motion_blur", "Motion blur")
    administrator.post(add, {"words": "Artifact"})
    assert user.clinic.reasons.count() == 1
    administrator.post(reverse("clinic-reason-retire", args=[reason.pk]))
    reason.refresh_from_db()
    assert not reason.is_active
    administrator.post(add, {"words": "Motion, blur"})
    reason.refresh_from_db()
    assert (reason.is_active, reason.label) == (True, "Motion, blur")
    administrator.post(add, {"words": "Артефакт движения"})
    assert user.clinic.reasons.filter(label="Артефакт движения").exists()


def test_the_figures_of_one_clinic_do_not_need_the_other(user):
    superuser = Client()
    superuser.force_login(UserFactory(superuser=True))
    ClinicFactory()
    assert superuser.get(reverse("statistics")).status_code == 403
