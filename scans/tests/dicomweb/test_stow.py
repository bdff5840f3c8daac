"""STOW-RS: each object stored or refused on its own, and said of in the words of the standard."""

import errno
import json

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from knox.models import AuthToken
from pydicom import Dataset

from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Instance, Patient, ReceivedObject
from scans.services.studies.inbox import accepting, filing
from scans.services.studies.inbox.filing import file_waiting
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.studies.dicom_files import STUDY, changed, report, slice_of

pytestmark = pytest.mark.django_db
ADDRESS = "/dicomweb/studies"
NAMED = {"PatientID": "H-77", "PatientName": "Doe^Jane", "PatientBirthDate": "19600517"}
DICOM = 'multipart/related; type="application/dicom"; boundary=bound'


@pytest.fixture
def token(user):
    ReleaseFactory()
    PatientFactory(
        created_by=user, mrn="H-77", family_name="Doe", given_name="Jane", birth_date="1960-05-17"
    )
    return AuthToken.objects.create(user=user)[1]


def send(token, *objects, address=ADDRESS, body=None, content_type=DICOM, **headers):
    if body is None:
        body = b"".join(
            b"--bound\r\nContent-Type: application/dicom\r\n\r\n%b\r\n" % one for one in objects
        )
        body += b"--bound--\r\n"
    if token:
        headers.setdefault("authorization", f"Bearer {token}")
    client = Client(raise_request_exception=False)
    return client.post(address, body, content_type=content_type, headers=headers)


def answer(response):
    return Dataset.from_json(json.loads(response.content))


def reasons(response, name="FailedSOPSequence"):
    return [item.FailureReason for item in answer(response).get(name, [])]


def file_all(monkeypatch):
    monkeypatch.setattr(filing, "_is_quiet", lambda group: True)
    return file_waiting()


@pytest.mark.parametrize("prefix", ["Token", "Bearer", "bearer"])
def test_objects_are_stored_and_filed(token, prefix, monkeypatch):
    slices = [slice_of(number=number, **NAMED) for number in (1, 2)]
    response = send(token, *slices, authorization=f"{prefix} {token}")
    assert (response.status_code, response["Content-Type"]) == (200, "application/dicom+json")
    stored = answer(response).ReferencedSOPSequence
    assert [item.ReferencedSOPInstanceUID for item in stored] == [
        f"{STUDY}.1.1.1",
        f"{STUDY}.1.1.2",
    ]
    assert "FailedSOPSequence" not in answer(response)
    assert "Warning" not in response
    rows = ReceivedObject.objects.all()
    assert {(row.source, row.sender[:6], row.state) for row in rows} == {
        ("stow", "token ", "waiting")
    }
    assert file_all(monkeypatch) == 2
    assert Instance.objects.count() == 2
    again = send(token, *slices)
    assert (again.status_code, ReceivedObject.objects.count()) == (200, 2)


def test_a_bad_part_fails_alone(token):
    parts = [slice_of(**NAMED), b"no DICOM", b"", report(**NAMED)]
    response = send(token, *parts)
    assert response.status_code == 202
    assert reasons(response, "OtherFailuresSequence") == [0xC000, 0xC000]
    assert len(answer(response).ReferencedSOPSequence) == 2
    assert "not a DICOM file" in response["Warning"]
    assert ReceivedObject.objects.count() == 2


def test_nothing_stored_is_a_conflict(token):
    response = send(token, b"no DICOM")
    assert (response.status_code, reasons(response, "OtherFailuresSequence")) == (409, [0xC000])


def test_other_bytes_of_a_uid_fail_as_a_duplicate_instance(token):
    content = slice_of(**NAMED)
    assert send(token, content).status_code == 200
    response = send(token, changed(content, StudyDescription="Other"))
    assert (response.status_code, reasons(response)) == (409, [0x0111])
    assert answer(response).FailedSOPSequence[0].ReferencedSOPInstanceUID == f"{STUDY}.1.1.1"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"PatientID": "H-78"}, "no patient found"),
        (NAMED | {"PatientBirthDate": "19610101"}, "birth date differ"),
        ({}, "no patient found"),
    ],
)
def test_what_a_person_has_to_decide_about_is_stored_with_a_warning(token, stated, words):
    response = send(token, slice_of(**stated), slice_of(number=2, **stated))
    assert response.status_code == 202
    assert [item.WarningReason for item in answer(response).ReferencedSOPSequence] == [0xB0F0] * 2
    assert words in response["Warning"]
    assert ReceivedObject.objects.count() == 2


def test_a_warning_that_cannot_be_found_out_fails_nothing(token, monkeypatch):
    def away(*_, **__):
        raise OperationalError("database is locked")

    monkeypatch.setattr("scans.dicomweb.storing.match_patient", away)
    response = send(token, slice_of(**NAMED), slice_of(number=2, **NAMED))
    assert response.status_code == 200
    assert len(answer(response).ReferencedSOPSequence) == 2


def test_a_warning_registers_nobody(token, user, monkeypatch):
    user.clinic.registers_patients_from_files = True
    user.clinic.save()
    response = send(token, slice_of(**NAMED | {"PatientID": "H-99", "PatientName": "Roe^Rick"}))
    assert (response.status_code, "Warning" in response) == (200, False)
    assert Patient.objects.count() == 1
    assert file_all(monkeypatch) == 1
    assert Patient.objects.count() == 2


def test_other_uids_than_those_that_were_sent_are_said_to_be(token, user):
    content = slice_of(**NAMED)
    assert send(token, content).status_code == 200
    user.clinic.file_identity = "pseudonymize"
    user.clinic.save()
    # Of what was there before nothing is replaced.
    for objects, replaced in ([content], 0), ([slice_of(number=2, **NAMED)] * 2, 2):
        response = send(token, *objects)
        assert response.status_code == (202 if replaced else 200)
        stored = answer(response).ReferencedSOPSequence
        assert [item.get("WarningReason") for item in stored] == [
            0xB000 if replaced else None
        ] * len(objects)
        assert ("other UIDs" in response.get("Warning", "")) == bool(replaced)
    for row in ReceivedObject.objects.all():
        row.file.delete(save=False)


@pytest.mark.parametrize("lost", ["token", "role", "database"])
def test_who_sends_is_asked_again_in_a_long_request(token, user, monkeypatch, lost):
    monkeypatch.setattr("scans.dicomweb.storing._ASKED_EVERY", 2)
    take = accepting.accept_object

    def taken(**more):
        if ReceivedObject.objects.count() == 1:
            lose()
        return take(**more)

    def lose():
        if lost == "token":
            AuthToken.objects.all().delete()
        elif lost == "role":
            User.objects.filter(pk=user.pk).update(is_active=False)

    def away(*_):
        raise OperationalError("the server closed the connection")

    if lost == "database":
        monkeypatch.setattr("scans.dicomweb.views._user_now", away)
    monkeypatch.setattr("scans.services.studies.doors.accept_object", taken)
    response = send(token, *(slice_of(number=number, **NAMED) for number in (1, 2, 3)))
    assert response.status_code == 202
    reason = 0xA700 if lost == "database" else 0x0124
    assert reasons(response, "OtherFailuresSequence") == [reason]
    assert ReceivedObject.objects.count() == 2


def test_an_object_of_another_study_than_the_address_names_does_not_match(token):
    right, wrong = slice_of(**NAMED), slice_of(study=2, **NAMED)
    response = send(token, right, wrong, address=f"{ADDRESS}/{STUDY}.1")
    assert (response.status_code, reasons(response)) == (202, [0xA900])
    assert answer(response).FailedSOPSequence[0].ReferencedSOPInstanceUID == f"{STUDY}.2.1.1"
    assert ReceivedObject.objects.count() == 1


def test_the_answer_comes_as_xml_where_it_is_asked_for(token):
    response = send(token, slice_of(**NAMED), b"no", accept="application/dicom+xml")
    assert response["Content-Type"] == "application/dicom+xml"
    text = response.content.decode()
    assert f'<Value number="1">{STUDY}.1.1.1</Value>' in text
    assert 'keyword="FailureReason"><Value number="1">49152</Value>' in text


@pytest.mark.parametrize(
    ("accepted", "status"),
    [("*/*", 200), ("application/json", 200), ("application/dicom+json", 200), ("text/html", 406)],
)
def test_answers_are_given_in_the_forms_of_the_standard(token, accepted, status):
    assert send(token, slice_of(**NAMED), accept=accepted).status_code == status


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/dicom", 200),
        ("application/json", 415),
        ("", 415),
        ("multipart/form-data; boundary=bound", 415),
        ('multipart/related; type="application/dicom+json"; boundary=bound', 415),
        ('multipart/related; type="application/dicom"', 400),
        ('multipart/related; type="application/dicom"; boundary=b\u00f6', 400),
        ('multipart/related; type="application/dicom"; boundary=other', 400),
    ],
)
def test_only_dicom_objects_are_taken(token, content_type, status):
    response = send(token, body=slice_of(**NAMED), content_type=content_type)
    assert response.status_code == status
    if status > 200:
        assert response["Content-Type"] == "application/problem+json"
        assert not ReceivedObject.objects.exists()


def test_an_empty_request_and_a_compressed_one_are_refused(token):
    assert send(token).status_code == 400
    assert send(token, slice_of(**NAMED), content_encoding="gzip").status_code == 415
    assert send(token, slice_of(**NAMED), address=f"{ADDRESS}/none").status_code == 400


def test_what_came_before_the_connection_broke_is_kept(token):
    body = b"--bound\r\n\r\n%b\r\n--bound\r\n\r\n%b" % (slice_of(**NAMED), slice_of(number=2))
    response = send(token, body=body[:-100])
    assert response.status_code == 400
    assert ReceivedObject.objects.count() == 1


def test_a_request_and_an_object_have_a_largest_size(token, settings):
    settings.UPLOAD_MAX_FILE_BYTES = len(slice_of(**NAMED))
    large = slice_of(number=2, **NAMED) + b"\0" * 1000
    response = send(token, slice_of(**NAMED), large)
    assert response.status_code == 202
    assert reasons(response, "OtherFailuresSequence") == [0xA700]
    settings.STOW_MAX_BYTES = 1000
    assert send(token, large).status_code == 413
    settings.STOW_MAX_BYTES, settings.STOW_MAX_OBJECTS = 10**7, 1
    response = send(token, slice_of(**NAMED), slice_of(number=3, **NAMED))
    assert (response.status_code, ReceivedObject.objects.count()) == (413, 1)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 0xA700),
        (OperationalError("database is locked"), 0xA700),
        (OSError(errno.EIO, "Input/output error"), 0x0110),
        (RuntimeError("fault"), 0x0110),
    ],
)
def test_what_we_cannot_store_fails_with_its_reason(token, monkeypatch, error, reason):
    store = accepting._stored

    def failing(row, data, **more):
        if row.sop_instance_uid.endswith(".1"):
            raise error
        return store(row, data, **more)

    monkeypatch.setattr(accepting, "_stored", failing)
    response = send(token, slice_of(**NAMED), slice_of(number=2, **NAMED))
    assert response.status_code == 202
    assert reasons(response, "OtherFailuresSequence") == [reason]


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_nothing_else_is_answered(token, method):
    headers = {"authorization": f"Bearer {token}"}
    assert getattr(Client(), method)(ADDRESS, headers=headers).status_code == 405
    assert Client().get("/dicomweb/other", headers=headers).status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer", "Basic eDp5", "Token \u00e9"])
def test_nobody_stores_without_a_token(header):
    response = send(None, slice_of(), **({"authorization": header} if header else {}))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] in ("Token", "Bearer")
    assert not ReceivedObject.objects.exists()


def test_a_session_does_not_store(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(ADDRESS, b"x", content_type=DICOM).status_code == 401


def test_a_superuser_has_no_clinic_to_store_in():
    token = AuthToken.objects.create(user=UserFactory(superuser=True))[1]
    assert send(token, slice_of()).status_code == 403


def test_two_clinics_hold_one_object_and_neither_learns_of_the_other(token):
    assert send(token, slice_of(**NAMED)).status_code == 200
    other = AuthToken.objects.create(user=UserFactory())[1]
    response = send(other, changed(slice_of(**NAMED), StudyDescription="Other"))
    assert response.status_code == 202  # held: the patient is unknown there
    assert "FailedSOPSequence" not in answer(response)


def test_requests_are_throttled_as_the_api_is(token, monkeypatch):
    from rest_framework.throttling import UserRateThrottle

    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "1/hour", "anon": "1/hour"})
    cache.clear()
    sent = [send(token, slice_of(**NAMED)).status_code for _ in range(2)]
    assert sent == [200, 429]
