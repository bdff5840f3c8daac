"""Whoever reads through the API leaves a trace of every row, also in lists and in refusals."""

import pytest

from accounts.models import AuditEvent, Role
from scans.tests.core.factories import PatientFactory, complete, make_analysis

PATIENTS = "/api/v1/patients/"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/v1/patients/?search=Testcase", "patient"),
        ("/api/v1/studies/", "study"),
        ("/api/v1/analyses/", "analysis"),
        ("/api/v1/images/{image}/analyses/", "analysis"),
    ],
)
def test_a_list_is_recorded_with_the_rows_it_showed_and_not_what_was_sought(
    api, person, patient, path, kind
):
    analysis = make_analysis(patient=patient)
    make_analysis()  # another clinic's
    rows = {"patient": patient, "study": analysis.image.study, "analysis": analysis}
    for _ in range(2):  # every request, every page of it
        api.get(path.format(image=analysis.image_id))
    events = AuditEvent.objects.filter(action=f"{kind}.listed", actor=person)
    assert [event.detail for event in events] == [{"count": 1, "ids": [str(rows[kind].pk)]}] * 2
    assert {event.clinic_id for event in events} == {person.clinic_id}


def test_each_page_of_a_list_is_recorded_with_its_own_rows(api, person):
    ids = {str(row.pk) for row in PatientFactory.create_batch(3, created_by=person)}
    for page in (1, 2):
        api.get(PATIENTS, {"page_size": 2, "page": page})
    shown = [event.detail["ids"] for event in AuditEvent.objects.filter(action="patient.listed")]
    assert sorted(map(len, shown)) == [1, 2]
    assert {one for ids in shown for one in ids} == ids


@pytest.mark.parametrize("part", ["", "restore/"])
def test_a_write_that_changes_nothing_is_a_read(api, person, patient, part):
    """The answer shows the patient, and the service has nothing to record."""
    person.role = Role.RADIOLOGIST  # who may restore one
    person.save()
    send = api.post if part else api.patch
    assert send(f"{PATIENTS}{patient.pk}/{part}", {}).data["mrn"] == patient.mrn
    event = AuditEvent.objects.get(actor=person)
    assert (event.action, event.patient_id) == ("patient.read", patient.pk)


def test_asking_for_an_analysis_that_is_there_is_a_read(api, person, patient):
    analysis = complete(make_analysis(patient=patient))
    reads = AuditEvent.objects.filter(action="analysis.read", actor=person)
    assert api.post(f"/api/v1/images/{analysis.image_id}/analyses/").status_code == 200
    assert reads.get().object_id == str(analysis.pk)
