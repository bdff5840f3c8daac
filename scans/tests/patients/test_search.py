"""What a search folds, and which writings of an MRN are the same one."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.models import Patient, Study
from scans.models.search_text import dates_of, folded, mrn_key, search_words
from scans.services.patients.records import edit_patient, register_patient
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Müller", "muller"),
        ("Muller", "Müller"),
        ("García Núñez", "garcia nunez"),
        ("Yıldız", "yildiz"),
        ("YILDIZ", "yıldız"),
        ("İpek", "ipek"),
        ("O’Brien", "o'brien"),
        ("O'Brien", "O’BRIEN"),
        ("Oʼbrien", "o‘brien"),
        ("Smith–Jones", "smith-jones"),
        ("Smith-Jones", "smith‐jones"),
        ("Łukasz Sørensen", "lukasz sorensen"),
        ("Weiß", "WEISS"),
        ("Αθανάσιος", "αθανασιος"),
        ("שָׁלוֹם", "שלום"),
        ("أحمد", "احمد"),
        ("ｱﾝﾅ", "アンナ"),
        ("김하늘", "김하늘"),
        ("Nguyễn", "nguyen"),
    ],
)
def test_case_accents_and_typography_make_no_difference(name, typed):
    patient = PatientFactory(family_name=name)
    PatientFactory(created_by=patient.created_by, family_name="Somebody")
    assert list(Patient.objects.matching(typed)) == [patient]


def test_marks_that_make_another_word_are_kept():
    assert folded("ガ") != folded("カ")
    assert folded("กำ") != folded("ก")


@pytest.mark.parametrize("typed", ["köpf", "KOPF", "t1–flair", "yıldız kopf"])
def test_a_study_is_found_by_its_description_as_by_its_patient(typed):
    patient = PatientFactory(family_name="Yildiz")
    study = make_study(patient=patient, description="Köpf, T1-FLAIR")
    make_study(user=patient.created_by, description="Knee")
    assert list(Study.objects.matching(typed)) == [study]
    page = signed_in(patient.created_by).get("/studies/", {"q": typed})
    assert [one.study for one in page.context["summaries"]] == [study]


@pytest.mark.parametrize(
    "typed",
    ["1950-01-31", "19500131", "31.01.1950", "31/01/1950", "01/31/1950", "31 Jan 1950",
     "31 January 1950", "alder 31. Jan 1950", "31-01-1950", "31.1.1950", "1/31/1950", "31.1.50",
     "January 31, 1950", "Jan 31 1950", "31st of January 1950", "31-Jan-1950"],
)  # fmt: skip
def test_a_birth_date_finds_patients_and_studies(typed):
    patient = PatientFactory(family_name="Alder", birth_date=date(1950, 1, 31))
    study = make_study(patient=patient)
    make_study(user=patient.created_by)
    client = signed_in(patient.created_by)
    assert list(client.get("/patients/", {"q": typed}).context["patients"]) == [patient]
    assert [one.study for one in client.get("/studies/", {"q": typed}).context["summaries"]] == [
        study
    ]


def test_a_word_that_is_no_date_is_none():
    assert dates_of("12345678") == []
    assert dates_of("04/05/1980") == [date(1980, 4, 5), date(1980, 5, 4)]
    assert dates_of("31.13.80") == []
    assert search_words("Sept 3, 1980 alder") == ["1980-09-03", "alder"]
    assert search_words("31 Foo 1980, x") == ["31", "Foo", "1980", "x"]


SAME = [("A-1", "a-1"), ("ab  12", " AB 12 "), ("Ａ１２", "a12"), ("É7", "é7"), ("ﬁ1", "FI1")]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_an_mrn_is_the_same_however_it_is_written_and_stays_as_typed(first, second):
    user = UserFactory()
    patient = register_patient(user=user, mrn=first, family_name="One")
    assert patient.mrn == first
    with pytest.raises(ValidationError) as caught:
        register_patient(user=user, mrn=second, family_name="Two")
    assert "already registered" in caught.value.message_dict["mrn"][0]
    with pytest.raises(IntegrityError), transaction.atomic():
        PatientFactory(created_by=user, mrn=second)


def test_what_differs_in_more_than_its_writing_is_another_mrn():
    assert len({mrn_key(one) for one in ("12 34", "1234", "12-34", "É7", "E7")}) == 5


def test_a_page_leads_to_the_patient_whose_mrn_is_written_another_way():
    user = UserFactory()
    patient = register_patient(user=user, mrn="Ａ 12", family_name="Özil")
    page = signed_in(user).post(
        reverse("patient-new"), {"mrn": "a  12", "family_name": "Other", "sex": "U"}
    )
    assert page.status_code == 422
    assert patient.get_absolute_url() in page.content.decode()


@pytest.fixture
def colliding():
    """Two patients whose MRNs are the same by the new rule, from before it came."""
    first = PatientFactory(mrn="É 7")
    second = PatientFactory(created_by=first.created_by, mrn="other")
    Patient.objects.filter(pk=second.pk).update(mrn="é  7", search_text="", mrn_collides=True)
    Patient.objects.update(mrn_key="")
    Study.objects.update(search_text="")
    return first, second


def test_patients_who_collide_already_stay_and_are_marked(colliding):
    first, second = colliding
    Patient.objects.filter(pk=second.pk).update(mrn_key="-")
    import_module("scans.migrations.0013_folded_texts").fold(apps, None)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.mrn_key == second.mrn_key == "é 7"
    assert (first.mrn_collides, second.mrn_collides) == (False, True)
    assert set(Patient.objects.sharing_mrn()) == {first, second}
    assert list(Patient.objects.matching("e 7").order_by("created_at")) == [first, second]

    user = first.created_by
    edit_patient(user=user, patient=second, changes={"given_name": "Still", "mrn": "é 7"})
    with pytest.raises(ValidationError, match="already registered"):
        register_patient(user=user, mrn="É 7", family_name="Third")
    edit_patient(user=user, patient=second, changes={"mrn": "8"})
    second.refresh_from_db()
    assert not second.mrn_collides
    assert not Patient.objects.sharing_mrn().exists()
