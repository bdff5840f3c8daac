"""A reader asks for an MR series that the AI was not given."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Series
from scans.services.studies.receiving import receive_study
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory, archived
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.dicom_files import slice_of

pytestmark = pytest.mark.django_db
LOCALIZER = {"SeriesDescription": "localizer", "series": 2}
CT = {"series": 3, "Modality": "CT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}


@pytest.fixture
def study(user):
    """A head, two slices of a localizer, and one of CT."""
    ReleaseFactory()
    contents = [
        slice_of(),
        slice_of(number=1, **LOCALIZER),
        slice_of(number=2, **LOCALIZER),
        slice_of(**CT),
    ]
    files = [pictures.upload(f"{n}.dcm", one) for n, one in enumerate(contents)]
    patient = PatientFactory(created_by=user)
    receipt = receive_study(user=user, patient=patient, study_date=date(2026, 1, 3), files=files)
    return receipt.study


def left_out(modality):
    return Series.objects.exclude(why_not_analyzed="").get(modality=modality)


@pytest.mark.parametrize("way", ["page", "api"])
def test_a_reader_has_a_series_analyzed_that_was_left_out(way, study, user, doctor):
    localizer, page = left_out("MR"), reverse("study", args=[study.pk])
    text = doctor.get(page).content.decode()
    assert reverse("series-analyze", args=[localizer.pk]) in text
    assert reverse("series-analyze", args=[left_out("CT").pk]) not in text
    assert Analysis.objects.count() == 1
    if way == "page":
        address = reverse("series-analyze", args=[localizer.pk])
        text = doctor.post(address, follow=True).content.decode()
        assert "The 2 images of series 2 are queued for analysis." in text
        assert address not in text
    else:
        address = reverse("api:series-analyze", args=[localizer.pk])
        response = asking_as(user).post(address)
        assert (response.status_code, response.json()) == (202, {"queued": 2})
        assert asking_as(user).post(address).status_code == 409  # it is analyzed already
    asked = Analysis.objects.filter(image__series=localizer)
    assert [row.requested_by for row in asked] == [user, user]
    event = AuditEvent.objects.get(action="series.analysis.requested")
    assert event.detail == {
        "images": 2,
        "left_out": "Not analyzed: a localizer is for planning the other series.",
    }


def test_what_the_model_does_not_read_is_not_analyzed(study, user):
    response = asking_as(user).post(reverse("api:series-analyze", args=[left_out("CT").pk]))
    assert response.status_code == 409
    assert "reads MRI" in response.json()["detail"]
    assert Analysis.objects.count() == 1


def test_nobody_else_asks(study, user):
    address = reverse("api:series-analyze", args=[left_out("MR").pk])
    assert asking_as(UserFactory(radiologist=True)).post(address).status_code == 404
    archived(study.patient)
    assert asking_as(user).post(address).status_code == 400
    assert Analysis.objects.count() == 1
