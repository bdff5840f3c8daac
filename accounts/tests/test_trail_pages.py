"""The audit trail on the clinic's own pages: names in place of ids, and reading it counts."""

import pytest
from django.urls import reverse

from accounts import audit, trail_pages
from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans import audit_events
from scans.models import KeyImage
from scans.services.annotations.key_images import star_image
from scans.services.studies.priority import set_priority
from scans.tests.core.factories import PatientFactory, make_study

pytestmark = pytest.mark.django_db
TRAIL = "clinic-audit-trail"


@pytest.fixture
def study(administrator):
    reader = UserFactory(clinic=administrator.clinic, first_name="Rita", last_name="Reader")
    patient = PatientFactory(created_by=reader, family_name="Waters", mrn="MRN-7")
    return make_study(user=reader, patient=patient)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_it_says_who_did_what_to_whom_by_name(site, study):
    text = text_of(site.get(reverse(TRAIL)))

    assert "Uploaded images of a study." in text
    assert "Rita Reader" in text
    assert "MRN-7" in text
    assert f'href="{reverse("study", args=[study.pk])}"' in text
    assert f'href="{reverse("patient", args=[study.patient_id])}"' in text


def test_reading_it_is_an_event_of_it(site, administrator, study):
    site.get(reverse(TRAIL))
    event = AuditEvent.objects.get(action="auditevent.listed")
    assert event.actor == administrator
    assert event.detail["count"] > 0


def test_it_is_filtered_by_kind_person_patient_and_day(site, administrator, study):
    other = make_study(user=UserFactory(clinic=administrator.clinic))
    set_priority(user=administrator, study=study, priority="stat")

    def found(**query):
        return {(e.action, e.patient_id) for e in site.get(reverse(TRAIL), query).context["events"]}

    assert {action.split(".")[0] for action, _ in found(kind="study")} == {"study"}
    assert {action for action, _ in found(person=administrator.pk, kind="study")} == {
        "study.prioritized"
    }
    assert {patient for _, patient in found(patient=study.patient_id)} == {study.patient_id}
    assert other.patient_id not in {one for _, one in found(patient=study.patient_id)}
    assert not found(until="2001-01-01")


def test_each_kind_is_offered_once_under_its_name_and_finds_all_of_it(site, study):
    page = site.get(reverse(TRAIL))
    offered = page.context["form"].fields["kind"].choices
    names = [name for _, name in offered]
    assert len(names) == len(set(names)) > 10
    assert "Migration" not in names  # which nobody of a clinic has done
    (key_image,) = [kind for kind, name in offered if name == "Key image"]
    image = study.series.get().images.get()
    reader = UserFactory(clinic=study.clinic, radiologist=True)
    star_image(user=reader, image=image)
    audit.record_list(
        actor=reader, event=audit_events.KEY_IMAGE_LISTED, rows=KeyImage.objects.all()
    )
    events = site.get(reverse(TRAIL), {"kind": key_image}).context["events"]
    assert {event.action for event in events} == {"key_image.starred", "keyimage.listed"}


def test_a_wrong_day_is_said_at_its_field(site, study):
    assert "Enter a valid date" in text_of(site.get(reverse(TRAIL), {"since": "yesterday"}))


def test_older_events_are_a_page_away(site, administrator, study, monkeypatch):
    set_priority(user=administrator, study=study, priority="stat")
    monkeypatch.setattr(trail_pages, "SHOWN", 1)
    first = site.get(reverse(TRAIL), {"kind": "study"})
    older = site.get(f"{reverse(TRAIL)}?{first.context['older']}")
    ids = [[event.pk for event in page.context["events"]] for page in (first, older)]
    assert ids[0][0] > ids[1][0]
    assert {event.action.split(".")[0] for event in older.context["events"]} == {"study"}


def test_a_page_costs_the_same_for_one_event_and_for_many(
    site, administrator, study, django_assert_max_num_queries
):
    for _ in range(5):
        made = make_study(user=UserFactory(clinic=administrator.clinic))
        set_priority(user=administrator, study=made, priority="stat")
    site.get(reverse(TRAIL))
    with django_assert_max_num_queries(25):
        site.get(reverse(TRAIL))


def test_another_clinics_events_are_not_there(site, study):
    stranger = UserFactory(first_name="Otherly")
    make_study(user=stranger, patient=PatientFactory(created_by=stranger, mrn="ELSEWHERE"))
    text = text_of(site.get(reverse(TRAIL)))
    assert "Otherly" not in text
    assert "ELSEWHERE" not in text


@pytest.mark.parametrize("role", ["clinician", "radiologist"])
def test_other_roles_are_told_that_they_may_not(client, administrator, role):
    client.force_login(UserFactory(clinic=administrator.clinic, **{role: True}))
    refused = client.get(reverse(TRAIL))
    assert refused.status_code == 403
    assert "does not allow you to read the audit trail" in refused.content.decode()
