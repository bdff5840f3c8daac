"""Over the API: what the AI states of a series, and how a series was acquired."""

import pytest

from accounts.models import AuditEvent, Clinic
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.models import Image, Series, SeriesStatement, Study
from scans.services.reading.verdicts import commit_finding
from scans.tests.core import pictures
from scans.tests.core.factories import (
    AXIAL_FLAIR,
    PatientFactory,
    ReleaseFactory,
    complete,
    make_stated_study,
    make_study,
)
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db):
    """A radiologist; `api` asks as this person."""
    return UserFactory(radiologist=True)


@pytest.fixture
def release(db):
    return ReleaseFactory(states_series=True)


@pytest.fixture
def study(person, release) -> Study:
    return make_stated_study(user=person)


def acquisition(series) -> str:
    return f"/api/v1/series/{series.pk}/acquisition/"


def ids_of(study) -> list[str]:
    rows = Image.objects.filter(series__study=study).order_by("number")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def test_a_study_tells_what_is_stated_of_its_series(api, study, release):
    (series,) = api.get(f"/api/v1/studies/{study.pk}/").data["series"]
    assert series["acquisition"] == AXIAL_FLAIR
    statement = series["statement"]
    assert (statement["label"], statement["threshold"], statement["rule"]) == (
        *("tumor", 0.5, "series-1"),
    )
    assert statement["probability"] == pytest.approx(0.849, abs=0.001)
    assert [one["image"] for one in statement["carrying"]] == ids_of(study)
    assert (statement["slices"], statement["analyzed"], statement["is_final"]) == (4, 4, True)
    assert statement["model_release"]["version"] == release.version
    assert "not a diagnosis" in statement["disclaimer"]
    assert (statement["reason"], statement["message"]) == (None, None)


def test_the_viewer_and_the_timeline_tell_it_as_well(api, study):
    (series,) = api.get(f"/api/v1/studies/{study.pk}/viewer/").data["series"]
    timeline = api.get(f"/api/v1/patients/{study.patient_id}/timeline/").json()
    (entry,) = timeline["results"] if "results" in timeline else timeline["studies"]
    (stated,) = entry["series_statements"]
    assert stated["id"] == series["statement"]["id"]
    assert stated["label"] == "tumor"


def test_the_worklist_says_whether_its_score_is_of_the_series_or_of_an_image(api, person, study):
    unknown = make_stated_study(user=person, probabilities=(0.9, 0.1), acquisition={})
    rows = {row["id"]: row["suspicion"] for row in api.get("/api/v1/worklist/").data["results"]}
    of_series, of_image = rows[str(study.pk)], rows[str(unknown.pk)]
    statement = SeriesStatement.objects.get(series__study=study)
    assert (of_series["basis"], str(of_series["statement"])) == ("series", str(statement.pk))
    assert of_series["analysis"] is None
    assert of_series["probability"] == statement.probability
    assert (of_image["basis"], of_image["statement"]) == ("image", None)
    assert of_image["probability"] == 0.9


def test_the_worklist_is_ordered_by_the_statement_and_not_by_the_highest_slice(api, person):
    ReleaseFactory(states_series=True)
    one_slice = make_stated_study(user=person, probabilities=(0.99, 0.1, 0.1))
    whole = make_stated_study(user=person, probabilities=(0.9, 0.9, 0.9))
    for order in ("rank", "-triage_score"):
        rows = api.get("/api/v1/worklist/", {"order": order}).data["results"]
        assert [row["id"] for row in rows] == [str(whole.pk), str(one_slice.pk)], order


def test_studies_are_found_by_what_is_stated_of_the_series(api, person, study):
    one_slice = make_stated_study(user=person, probabilities=(0.9, 0.1, 0.1))
    running = make_study(user=person, images=3, acquisition=AXIAL_FLAIR)
    for image in Image.objects.filter(series__study=running)[:2]:
        complete(image.analyses.get(), probability=0.1)

    def found(label):
        rows = api.get("/api/v1/studies/", {"label": label}).data["results"]
        return {row["id"] for row in rows}

    assert found("tumor") == {str(study.pk)}
    assert found("no_tumor") == {str(one_slice.pk)}


def test_it_is_withheld_as_long_as_the_other_results_are(api, person, study):
    Clinic.objects.update(read_first=True)
    viewer, detail = f"/api/v1/studies/{study.pk}/viewer/", f"/api/v1/studies/{study.pk}/"
    for address in (viewer, detail):
        assert api.get(address).data["series"][0]["statement"] is None
    assert api.get("/api/v1/worklist/").data["results"][0]["suspicion"] is None
    stated = api.patch(acquisition(Series.objects.get()), {"plane": "axial"}, format="json")
    assert stated.data["statement"] is None
    commit_finding(user=person, study=study, finding="tumor")
    for address in (viewer, detail):
        assert api.get(address).data["series"][0]["statement"]["label"] == "tumor"


def shown_by(api, study) -> dict[str, str]:
    statement = api.get(f"/api/v1/studies/{study.pk}/viewer/").json()["series"][0]["statement"]
    return {name: statement[name] for name in ("id", "updated_at")}


def test_a_signed_verdict_keeps_what_was_stated_of_the_series(api, person, study):
    path = f"/api/v1/studies/{study.pk}/verdicts/sign/"
    sent = {"finding": "tumor", "layers": ["label", "series"], "shown": []}
    response = api.post(path, sent | {"statements": [shown_by(api, study)]}, format="json")
    content = response.data["ai_content"]
    assert content["layers"] == ["label", "series"]
    (kept,) = content["series"]
    assert (kept["label"], kept["analyzed"], kept["rule"]) == ("tumor", 4, "series-1")
    assert (kept["state"], kept["threshold"], kept["is_final"]) == ("as_shown", 0.5, True)
    assert kept["probability"] == SeriesStatement.objects.get().probability


def test_a_statement_that_was_made_anew_after_it_was_shown_is_kept_as_changed(api, person, release):
    study = make_study(user=person, images=4, acquisition=AXIAL_FLAIR)
    *others, last = [image.analyses.get() for image in Image.objects.order_by("number")]
    for analysis in others:
        complete(analysis, probability=0.1)
    shown = shown_by(api, study)
    complete(last, probability=0.99)
    sent = {"finding": "no_tumor", "layers": ["series"], "shown": [], "statements": [shown]}
    response = api.post(f"/api/v1/studies/{study.pk}/verdicts/sign/", sent, format="json")
    (kept,) = response.data["ai_content"]["series"]
    assert (kept["statement"], kept["state"]) == (shown["id"], "changed_since_shown")
    assert not {"label", "probability", "analyzed"} & set(kept)


def test_a_statement_of_another_study_is_not_kept_as_shown(api, person, study):
    other = make_stated_study(user=person)
    sent = {"finding": "tumor", "shown": [], "statements": [shown_by(api, other)]}
    response = api.post(f"/api/v1/studies/{study.pk}/verdicts/sign/", sent, format="json")
    assert response.data["ai_content"]["series"] == []


def test_a_client_that_reports_nothing_had_what_is_stated_now(api, study):
    path = f"/api/v1/studies/{study.pk}/verdicts/sign/"
    (kept,) = api.post(path, {"finding": "tumor"}, format="json").data["ai_content"]["series"]
    assert (kept["state"], kept["analyzed"]) == ("as_shown", 4)


def test_a_verdict_that_was_signed_without_seeing_it_does_not_say_so(api, study):
    path = f"/api/v1/studies/{study.pk}/verdicts/sign/"
    sent = {"finding": "tumor", "layers": ["label"], "shown": []}
    response = api.post(path, sent, format="json")
    assert response.data["ai_content"]["series"] == []


def test_an_upload_states_how_the_series_was_acquired(api, person, release):
    patient = PatientFactory(created_by=person)
    sent = {
        "patient": str(patient.pk),
        "study_date": "2024-03-01",
        "files": [pictures.upload("s-1.png", pictures.png())],
    }
    response = api.post("/api/v1/studies/", sent | AXIAL_FLAIR, format="multipart")
    assert response.status_code == 201, response.data
    assert response.data["series"][0]["acquisition"] == AXIAL_FLAIR
    without = sent | {"files": [pictures.upload("s-1.png", pictures.png(seed=7))]}
    response = api.post("/api/v1/studies/", without, format="multipart")
    known = {"plane": None, "sequence": None, "slice_spacing": None}
    assert response.data["series"][0]["acquisition"] == known


@pytest.mark.parametrize(
    ("field", "value"),
    [("plane", "oblique"), ("sequence", "T9"), ("slice_spacing", "0"), ("slice_spacing", "101")],
)
def test_an_upload_that_states_what_cannot_be_is_refused(api, person, release, field, value):
    patient = PatientFactory(created_by=person)
    sent = {
        "patient": str(patient.pk),
        "study_date": "2024-03-01",
        "files": [pictures.upload("s-1.png", pictures.png())],
        field: value,
    }
    response = api.post("/api/v1/studies/", sent, format="multipart")
    assert response.status_code == 400
    assert field in response.data["errors"]
    assert not Study.objects.exists()


def test_what_is_stated_afterwards_changes_the_statement_at_once_and_is_in_the_trail(
    api, person, release
):
    study = make_stated_study(user=person, acquisition={"plane": "axial", "slice_spacing": 5.0})
    (series,) = Series.objects.all()
    before = api.get(f"/api/v1/studies/{study.pk}/").data["series"][0]["statement"]
    assert (before["label"], before["reason"]) == (None, "sequence_unknown")
    assert "state the sequence" in before["message"]
    response = api.patch(acquisition(series), {"sequence": "FLAIR"}, format="json")
    assert response.status_code == 200, response.data
    assert response.data["acquisition"] == AXIAL_FLAIR
    assert response.data["statement"]["label"] == "tumor"
    event = AuditEvent.objects.get(action="series.acquisition")
    assert event.object_id == str(series.pk)
    assert event.detail == {
        "fields": ["sequence"],
        "before": {"sequence": ""},
        "after": {"sequence": "FLAIR"},
        "replaced": {
            "release": str(release),
            "label": "",
            "probability": None,
            "reason": "sequence_unknown",
            "analyzed": 4,
            "slices": 4,
        },
    }
    again = api.patch(acquisition(series), {"sequence": "FLAIR"}, format="json")
    assert again.status_code == 200
    assert AuditEvent.objects.filter(action="series.acquisition").count() == 1
    taken_back = api.patch(acquisition(series), {"sequence": ""}, format="json")
    assert taken_back.data["acquisition"]["sequence"] is None
    events = AuditEvent.objects.filter(action="series.acquisition").order_by("sequence")
    replaced = events.last().detail["replaced"]
    assert (replaced["label"], replaced["analyzed"]) == ("tumor", 4)
    assert replaced["probability"] == response.data["statement"]["probability"]


def test_once_a_verdict_is_signed_the_acquisition_does_not_change_any_more(api, study):
    signed = api.post(f"/api/v1/studies/{study.pk}/verdicts/sign/", {"finding": "tumor"}, "json")
    assert signed.status_code == 200, signed.data
    before = SeriesStatement.objects.get().stamp
    address = acquisition(Series.objects.get())
    response = api.patch(address, {"sequence": "other"}, format="json")
    assert response.status_code == 409
    assert "A verdict on this study is signed" in response.json()["detail"]
    assert Series.objects.get().stated == AXIAL_FLAIR
    assert SeriesStatement.objects.get().stamp == before
    assert api.patch(address, {"sequence": "FLAIR"}, format="json").status_code == 200  # the same


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_not_known_may_be_sent_as_it_is_read(api, study, nothing):
    sent = dict.fromkeys(AXIAL_FLAIR, nothing)
    response = api.patch(acquisition(Series.objects.get()), sent, format="json")
    assert response.status_code == 200, response.data
    assert response.data["acquisition"] == dict.fromkeys(AXIAL_FLAIR)
    again = api.patch(acquisition(Series.objects.get()), response.data["acquisition"], "json")
    assert again.status_code == 200, again.data


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"plane": "oblique"}, "plane"),
        ({"slice_spacing": -1}, "more than 0 and at most 100"),
        ({"slice_spacing": 500}, "more than 0 and at most 100"),
    ],
)
def test_what_cannot_be_stated_is_refused_with_a_sentence(api, study, sent, words):
    response = api.patch(acquisition(Series.objects.get()), sent, format="json")
    assert response.status_code == 400
    assert words in str(response.data["errors"])
    assert Series.objects.get().stated == AXIAL_FLAIR


def test_only_who_may_upload_to_the_clinic_states_it(study):
    series = Series.objects.get()
    stranger = asking_as(UserFactory(clinic=ClinicFactory()))
    assert stranger.patch(acquisition(series), {"plane": "axial"}).status_code == 404
    superuser = asking_as(UserFactory(superuser=True))
    assert superuser.patch(acquisition(series), {"plane": "axial"}).status_code == 403
    clinician = asking_as(UserFactory(clinic=study.clinic))
    assert clinician.patch(acquisition(series), {"plane": "axial"}).status_code == 200


def test_an_archived_patients_series_stays_as_it_is(api, study):
    said = {"reason": "Created by mistake.", "hides_unread": True}
    archived = api.post(f"/api/v1/patients/{study.patient_id}/archive/", said, format="json")
    assert archived.status_code == 200
    response = api.patch(acquisition(Series.objects.get()), {"plane": "coronal"}, format="json")
    assert response.status_code == 400
    assert Series.objects.get().plane == "axial"


def test_lists_take_the_same_queries_for_one_study_and_for_many(
    api, person, study, django_assert_max_num_queries
):
    for _ in range(3):
        make_stated_study(user=person, patient=study.patient, probabilities=(0.9, 0.9))
    with django_assert_max_num_queries(33):
        assert api.get("/api/v1/worklist/").status_code == 200
    with django_assert_max_num_queries(17):
        assert api.get(f"/api/v1/patients/{study.patient_id}/history/").status_code == 200
