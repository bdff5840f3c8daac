"""The record is put right on pages and over the API, by the same acts."""

import re
from datetime import date
from html import unescape

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Patient, RecordChange, Study
from scans.pages.reports import imaging_request
from scans.pages.studies import record
from scans.services.reports.drafting import start_report
from scans.services.studies.corrections import correct_study
from scans.services.studies.merging import difference_between, merge_patients
from scans.services.studies.moving import move_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_signed_report, make_study
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db
WHY = "Sent under the wrong patient."


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def client(reader):
    return signed_in(reader)


@pytest.fixture
def study(reader):
    return make_study(user=reader)


@pytest.fixture
def other(reader):
    return PatientFactory(created_by=reader, mrn="Ｒ 2", family_name="Right")


def test_a_study_is_moved_in_two_steps_and_moved_back(client, study, other):
    source = study.patient
    address = reverse("study-move", args=[study.pk])
    wrong = client.post(address, {"mrn": "nobody"})
    assert wrong.status_code == 422
    assert "No other patient has this MRN or name" in wrong.content.decode()
    found = client.post(address, {"mrn": "r  2"})
    assert f"Move the study to {other.name}" in found.content.decode()
    assert Study.objects.get(pk=study.pk).patient == source
    missing = client.post(address, {"target": other.pk, "reason": ""})
    assert missing.status_code == 422
    assert "Say why" in missing.content.decode()
    moved = client.post(address, {"target": other.pk, "reason": WHY}, follow=True)
    page = moved.content.decode()
    assert f"moved from {source.name} (MRN {source.mrn})" in page
    assert WHY in page
    for patient in (source, other):
        assert WHY in client.get(patient.get_absolute_url()).content.decode()
    change = RecordChange.objects.get()
    undone = client.post(reverse("change-undo", args=[change.pk]), follow=True)
    assert "It is undone" in undone.content.decode()
    assert Study.objects.get(pk=study.pk).patient == source
    again = client.post(reverse("change-undo", args=[change.pk]), follow=True)
    assert "undone already" in again.content.decode()


@pytest.mark.parametrize("door", ["study-move", "patient-merge"])
def test_the_other_patient_is_found_by_name_too(client, reader, study, other, door):
    person = study.patient
    address = reverse(door, args=[study.pk if door == "study-move" else person.pk])
    alone = client.post(address, {"mrn": "right"})
    assert alone.context["chosen"].patient == other

    twin = PatientFactory(created_by=reader, mrn="R-3", family_name="Wright")
    PatientFactory(mrn="R-4", family_name="Rightly")  # of another clinic
    gone = PatientFactory(created_by=reader, mrn="R-5", family_name="Right")
    merge_patients(
        user=reader,
        patient=gone,
        into=twin,
        despite=difference_between(gone, twin),
        reason="Same person",
    )
    several = client.post(address, {"mrn": "right"})
    assert several.context["chosen"].patient is None
    assert set(several.context["chosen"].found) == {other, twin}
    link = f"?other={twin.pk}"
    assert f'href="{link}"' in several.content.decode()
    assert client.get(address + link).context["chosen"].patient == twin

    PatientFactory.create_batch(10, created_by=reader, family_name="Right")
    many = client.post(address, {"mrn": "right"})
    assert many.status_code == 422
    assert "Enter more of the name" in many.content.decode()


def test_a_signed_report_keeps_its_print_and_says_where_the_study_went(
    client, reader, study, other
):
    source = study.patient
    report = make_signed_report(study=study, author=reader)
    move_study(user=reader, study=study, patient=other, reason=WHY)
    for address in (
        report.get_absolute_url(),
        reverse("report-verify", args=[report.code]),
        reverse("study-report", args=[study.pk]),
    ):
        text = client.get(address).content.decode()
        assert "after this was signed" in text, address
        assert WHY in text
    assert (
        f"{source.name}, MRN {source.mrn}"
        in client.get(reverse("report-verify", args=[report.code])).content.decode()
    )
    shown = client.get(reverse("api:report-detail", args=[report.pk])).json()
    assert shown["signed_patient"]["mrn"] == source.mrn
    assert shown["changes_since"][0]["kind"] == "study_moved"


def test_a_study_is_corrected_with_a_reason(client, study):
    address = reverse("study-correct", args=[study.pk])
    shown = client.get(address)
    assert 'name="clinical_question"' in shown.content.decode()
    facts = {
        "study_date": str(study.study_date),
        "description": study.description,
        "clinical_question": "Meningioma?\nGrowth?",
        "referring_physician": "Dr. Ívarsson",
        "accession_number": "ACC-7",
    }
    initial = {"initial-study_date": facts["study_date"], "initial-description": "MRI head"}
    assert client.post(address, facts | initial).status_code == 422
    future = client.post(address, facts | initial | {"study_date": "2999-01-01", "reason": WHY})
    assert "in the future" in future.content.decode()
    page = client.post(address, facts | initial | {"reason": WHY}, follow=True).content.decode()
    assert "Meningioma?<br>Growth?" in page
    assert "Accession number ACC-7" in page
    assert "Referred by Dr. Ívarsson" in page
    assert list(Study.objects.matching("ivarsson")) == [study]
    assert set(RecordChange.objects.get().after) == {
        "clinical_question",
        "referring_physician",
        "accession_number",
    }


def test_two_patients_are_merged_and_the_other_record_leads_on(client, study, other):
    source = study.patient
    address = reverse("patient-merge", args=[source.pk])
    page = client.get(address, {"other": other.pk}).content.decode()
    assert "Whose record stays?" in page
    facts = {"target": other.pk, "stays": other.pk, "reason": "Twice."}
    done = client.post(address, facts | {"despite": despite_of(page)}, follow=True)
    assert done.redirect_chain[-1][0] == other.get_absolute_url()
    assert Study.objects.get(pk=study.pk).patient == other
    left = client.get(source.get_absolute_url()).content.decode()
    assert "was merged into" in left
    assert left.index("Undo the merge") < left.index('id="timeline"')  # where the merge is told
    kept = client.get(other.get_absolute_url()).content.decode()
    assert "was merged into this record" in kept
    assert kept.index("Undo the merge") < kept.index('id="timeline"')
    assert other.get_absolute_url() in left
    taken = client.post(
        reverse("patient-new"), {"mrn": source.mrn, "family_name": "New", "sex": "U"}
    )
    assert "merged into another one" in taken.content.decode()
    undo = reverse("change-undo", args=[RecordChange.objects.get(part_of=None).pk])
    undone = client.post(undo, {"from": source.pk})
    assert undone["Location"] == source.get_absolute_url()  # whose record is back
    assert Study.objects.get(pk=study.pk).patient == source
    for patient in (source, other):
        assert "Undo the merge" not in client.get(patient.get_absolute_url()).content.decode()


def despite_of(page: str) -> str:
    """What the second act of a merge says that it was asked."""
    return unescape(re.search(r'name="despite"[^>]*value="([^"]+)"', page)[1])


def test_two_who_differ_are_merged_in_a_second_act(client, reader):
    facts = {"created_by": reader, "family_name": "Lund", "given_name": "Eva", "sex": "F"}
    one = PatientFactory(**facts, birth_date=date(2001, 3, 4))
    other = PatientFactory(**facts, birth_date=date(1961, 3, 4))
    address = reverse("patient-merge", args=[one.pk])
    page = client.get(address, {"other": other.pk}).content.decode()
    assert "They differ in birth date: 4 Mar 2001 / 4 Mar 1961. Merge them all the same." in page
    assert "data-differ" in page
    sent = {"target": other.pk, "stays": other.pk, "reason": "Twice."}
    for despite in ({}, {"despite": "birth date: 4 Mar 2001 / 5 Mar 1961"}):
        refused = client.post(address, sent | despite)
        assert refused.status_code == 422
        assert "say that they are one person" in refused.content.decode()
    assert not RecordChange.objects.exists()
    assert client.post(address, sent | {"despite": despite_of(page)}).status_code == 302
    alike = [PatientFactory(**facts, birth_date=day) for day in (date(1961, 3, 4), None)]
    page = client.get(reverse("patient-merge", args=[alike[0].pk]), {"other": alike[1].pk})
    assert "data-differ" not in page.content.decode()


def test_the_reason_of_a_change_comes_last_and_is_not_that_of_the_examination(client, study, other):
    page = client.get(reverse("study-correct", args=[study.pk])).content.decode()
    labels = [one.strip() for one in re.findall(r"<label[^>]*>([^<]+)", page)]
    assert labels[-4:] == [
        "Clinical question",
        "Referring physician",
        "Accession number",
        "Reason for the correction",
    ]
    for name, row, words in (
        ("study-move", study, "Reason for the move"),
        ("patient-merge", study.patient, "Reason for the merge"),
        ("patient-archive", study.patient, "Reason for archiving"),
    ):
        page = client.get(reverse(name, args=[row.pk]), {"other": other.pk}).content.decode()
        assert words in page


def test_which_record_stays_is_chosen_and_not_reversed_by_an_error(client, study, other):
    source = study.patient
    address = reverse("patient-merge", args=[source.pk])

    def chosen(response) -> list[str]:
        page = response.content.decode()
        radios = re.findall(r'<input type="radio"[^>]*>', page)
        assert len(radios) == 2
        return [re.search(r'value="([^"]+)"', one)[1] for one in radios if "checked" in one]

    assert chosen(client.get(address, {"other": other.pk})) == []
    for stays in (other, source):
        refused = client.post(address, {"target": other.pk, "stays": stays.pk, "reason": ""})
        assert refused.status_code == 422
        assert chosen(refused) == [str(stays.pk)]
    for stays in ("", str(study.pk)):
        refused = client.post(address, {"target": other.pk, "stays": stays, "reason": "Twice."})
        assert "Choose whose record stays." in refused.content.decode()
        assert chosen(refused) == []
    assert not RecordChange.objects.exists()


def test_a_merge_offers_what_only_one_of_the_records_states(client, reader):
    known = PatientFactory(
        created_by=reader, family_name="Known", birth_date=date(1958, 3, 4), sex="M"
    )
    unknown = PatientFactory(created_by=reader, family_name="Known", birth_date=None, sex="U")
    address = reverse("patient-merge", args=[known.pk])
    page = client.get(address, {"other": unknown.pk}).content.decode()
    assert f"born 4 Mar 1958 (MRN {known.mrn}); sex male (MRN {known.mrn})" in page
    facts = {"target": unknown.pk, "stays": unknown.pk, "reason": "Twice."}

    def stays() -> tuple[date | None, str]:
        row = Patient.objects.get(pk=unknown.pk)
        return row.birth_date, row.sex

    def undo() -> None:
        change = RecordChange.objects.get(undoes=None, undone_by=None)
        client.post(reverse("change-undo", args=[change.pk]))

    client.post(address, facts)
    assert stays() == (None, "U")  # nothing unasked
    undo()
    client.post(address, facts | {"completes": "on"})
    assert stays() == (date(1958, 3, 4), "M")
    undo()
    assert stays() == (None, "U")
    other = PatientFactory(created_by=reader, birth_date=date(1958, 3, 4), sex="M")
    page = client.get(address, {"other": other.pk}).content.decode()
    assert "Take over into the record that stays" not in page


def test_who_may_be_the_same_person_is_offered(client, reader):
    known = PatientFactory(
        created_by=reader, mrn="A-0012", family_name="Müller", birth_date=date(1970, 1, 2)
    )
    facts = {"given_name": "Pat", "sex": "F"}
    same = {"mrn": "Z-9", "family_name": "MULLER", "birth_date": "1970-01-02"}
    alike = {"mrn": "a12", "family_name": "Somebody"}
    for typed, reason in ((same, "same name and birth date"), (alike, "look-alike MRN")):
        page = client.post(reverse("patient-new"), facts | typed)
        assert page.status_code == 422
        assert reason in page.content.decode()
        assert known.get_absolute_url() in page.content.decode()
        assert Patient.objects.count() == 1
    client.post(reverse("patient-new"), facts | same | {"is_another": "1"})
    second = Patient.objects.get(mrn="Z-9")
    text = client.get(second.get_absolute_url()).content.decode()
    assert "Compare and merge" in text
    assert "same name and birth date" in text
    chosen = client.get(reverse("patient-candidates", args=[second.pk])).content.decode()
    assert known.get_absolute_url() in chosen
    upload = client.get(reverse("upload"), {"patient": second.pk}).content.decode()
    assert f'data-choose-patient="{known.pk}"' in upload
    found = client.get(reverse("api:patient-merge-candidates", args=[second.pk])).json()
    assert [one["patient"]["id"] for one in found] == [str(known.pk)]


@pytest.mark.parametrize(
    ("registered", "typed", "reason"),
    [
        ("1970-01-02", "1970-02-01", "same name, other birth date"),
        ("1970-01-02", "", "same name, a birth date not known"),
        (None, "1970-01-02", "same name, a birth date not known"),
        (None, "", "same name, a birth date not known"),
    ],
)
def test_a_second_patient_of_one_name_is_never_registered_unasked(
    client, reader, registered, typed, reason
):
    known = PatientFactory(created_by=reader, family_name="Sample", birth_date=registered)
    facts = {"mrn": "Z-9", "family_name": "SÁMPLE", "given_name": "Pat", "sex": "F"}
    page = client.post(reverse("patient-new"), facts | {"birth_date": typed})
    assert page.status_code == 422
    assert reason in page.content.decode()
    assert known.get_absolute_url() in page.content.decode()
    made = client.post(reverse("patient-new"), facts | {"birth_date": typed, "is_another": "1"})
    assert made.status_code == 302


def test_the_likeliest_candidates_come_first_however_many_have_the_name(client, reader):
    for _ in range(30):
        PatientFactory(created_by=reader, family_name="Sample", birth_date=date(1990, 1, 1))
    same = PatientFactory(created_by=reader, family_name="Sample", birth_date=date(1970, 1, 2))
    person = PatientFactory(created_by=reader, family_name="Sample", birth_date=date(1970, 1, 2))
    found = client.get(reverse("api:patient-merge-candidates", args=[person.pk])).json()
    assert found[0]["patient"]["id"] == str(same.pk)
    assert [one["reason"] for one in found[:2]] == [
        "same name and birth date",
        "same name, other birth date",
    ]


def test_what_speaks_against_a_move_is_said_before_it_is_done(client, reader, study):
    """Another sex, or a birth after the study: said where the patient is shown, before the act."""
    Patient.objects.filter(pk=study.patient_id).update(sex="F")
    fitting = PatientFactory(created_by=reader, sex="U")
    page = client.get(reverse("study-move", args=[study.pk]), {"other": fitting.pk})
    assert "Is it the right patient?" not in page.content.decode()
    wrong = PatientFactory(created_by=reader, sex="M", birth_date=date.today())
    Study.objects.filter(pk=study.pk).update(study_date=date(2020, 5, 17))
    for page in (
        client.get(reverse("study-move", args=[study.pk]), {"other": wrong.pk}),
        client.post(reverse("study-move", args=[study.pk]), {"mrn": wrong.mrn}),
    ):
        text = page.content.decode()
        assert "Is it the right patient?" in text
        assert "The sex differs" in text
        assert "after the study of 17 May 2020" in text
    assert Study.objects.get(pk=study.pk).patient_id == study.patient_id


def test_a_move_that_was_taken_back_is_no_longer_announced(client, reader, study, other):
    source = study.patient
    report = make_signed_report(study=study, author=reader)
    pages = (study, report)
    for _ in range(2):
        change = move_study(user=reader, study=study, patient=other, reason=WHY)
        for one in pages:
            assert "The study was moved" in client.get(one.get_absolute_url()).content.decode()
        client.post(reverse("change-undo", args=[change.pk]))
        study.refresh_from_db()
        for one in pages:
            assert "The study was moved" not in client.get(one.get_absolute_url()).content.decode()
    assert study.patient == source
    assert client.get(study.get_absolute_url()).content.decode().count(WHY) >= 4  # in the changes
    second = make_study(user=reader, patient=source)
    moved = move_study(user=reader, study=second, patient=other, reason=WHY)
    second.refresh_from_db()
    between = make_signed_report(study=second, author=reader)
    client.post(reverse("change-undo", args=[moved.pk]))
    assert "The study was moved" in client.get(between.get_absolute_url()).content.decode()


def test_the_api_corrects_moves_merges_and_undoes(client, study, other):
    source = study.patient

    def post(name, pk, **body):
        return client.post(reverse(f"api:{name}", args=[pk]), body, "application/json")

    corrected = post("study-correct", study.pk, accession_number="A7", reason=WHY)
    assert (corrected.status_code, corrected.json()["after"]) == (201, {"accession_number": "A7"})
    shown = client.get(reverse("api:study-detail", args=[study.pk])).json()
    assert shown["accession_number"] == "A7"
    listed = client.get(reverse("api:study-list"), {"accession_number": "A7"}).json()
    assert listed["count"] == 1
    wrong = post("study-correct", study.pk, study_date="2999-01-01", reason=WHY)
    assert list(wrong.json()["errors"]) == ["study_date"]
    stranger = PatientFactory()
    assert post("study-move", study.pk, patient=str(stranger.pk), reason=WHY).status_code == 404
    moved = post("study-move", study.pk, patient=str(other.pk), reason=WHY).json()
    assert (moved["patient"], moved["from_patient"]) == (str(other.pk), str(source.pk))
    assert post("record-change-undo", moved["id"]).status_code == 201
    assert post("record-change-undo", moved["id"]).status_code == 409
    asked = post("patient-merge", source.pk, into=str(other.pk), reason="Twice.")
    (sentence,) = asked.json()["errors"]["despite"]
    differ = sentence.removeprefix("They differ in ").partition(". Compare")[0]
    twice = {"into": str(other.pk), "reason": "Twice.", "despite": differ}
    merged = post("patient-merge", source.pk, **twice).json()
    gone = client.get(reverse("api:patient-detail", args=[source.pk])).json()
    assert (gone["merged_into"], gone["is_archived"]) == (str(other.pk), True)
    assert post("record-change-undo", merged["id"]).status_code == 201
    trail = client.get(reverse("api:study-changes", args=[study.pk])).json()
    assert [one["kind"] for one in trail].count("study_moved") == 4
    assert len(client.get(reverse("api:patient-changes", args=[source.pk])).json()) == 5


def test_the_fields_of_a_study_come_with_the_upload(client, reader, other):
    fields = {"clinical_question": "Tumor?", "accession_number": "ACC-1"}
    sent = {"study_date": "2026-01-02", "referring_physician": "Dr. A"} | fields
    page = client.post(
        reverse("upload-file"),
        {"patient": other.pk, "file": pictures.upload("a.png", pictures.png(seed=1))} | sent,
    )
    assert page.status_code == 200, page.content
    over_api = client.post(
        reverse("api:study-list"),
        {"patient": other.pk, "files": pictures.upload("b.png", pictures.png(seed=2))} | sent,
    )
    assert over_api.status_code == 201, over_api.content
    assert over_api.json()["clinical_question"] == "Tumor?"
    assert Study.objects.filter(**sent).count() == 2


@pytest.mark.parametrize("door", ["study-correct", "report-asked"])
def test_a_study_that_was_moved_as_one_corrects_it_is_not_corrected(
    client, reader, study, other, door, monkeypatch
):
    """Between the page's look at the study and the service's lock."""
    row = start_report(user=reader, study=study) if door == "report-asked" else study
    module = imaging_request if door == "report-asked" else record

    def meanwhile(**facts):
        move_study(user=reader, study=study, patient=other, reason=WHY)
        return correct_study(**facts)

    monkeypatch.setattr(module, "correct_study", meanwhile)
    sent = {"study_date": str(study.study_date), "accession_number": "A-7", "reason": "As ordered."}
    refused = client.post(reverse(door, args=[row.pk]), sent, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "The study was moved meanwhile" in refused.content.decode()
    assert Study.objects.get(pk=study.pk).accession_number == ""
