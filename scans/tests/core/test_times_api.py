"""The API says times in one format, and in the zone of the clinic of whoever asks."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from accounts.tokens import create_token
from scans.models import Study
from scans.tests.core.factories import complete, make_analysis, make_annotation, make_signed_report
from scans.tests.core.fixtures import asking_as
from scans.tests.core.test_parameters_api import GETS, address

pytestmark = pytest.mark.django_db
ZONE = "Asia/Kathmandu"  # +05:45 all the year: neither the installation's nor anybody's default
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
OF_A_STANDARD = "/api/v1/studies/{id}/annotations/export/"  # W3C Web Annotation: UTC, with a Z


def with_token(user) -> APIClient:
    _, token = create_token(user=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def times_in(value: Any) -> Iterator[str]:
    """Every string in the JSON that is a time."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from times_in(inner)
    elif isinstance(value, str) and TIME.match(value):
        yield value


@pytest.fixture
def study(user):
    Clinic.objects.filter(pk=user.clinic_id).update(time_zone=ZONE)
    user.refresh_from_db()
    study = complete(make_analysis(user=user)).image.study
    make_annotation(image=study.series.get().images.first())
    make_signed_report(study=study)
    return study


def test_every_time_of_every_answer_is_in_the_clinics_zone_with_its_offset(user, study):
    api = with_token(user)
    seen = 0
    for path, _ in GETS:
        response = api.get(address(path, study))
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            continue
        for text in times_in(response.json()):
            offset = timedelta(0) if path == OF_A_STANDARD else timedelta(hours=5, minutes=45)
            assert datetime.fromisoformat(text).utcoffset() == offset, (path, text)
            seen += 1
    assert seen > 20


def test_each_token_is_answered_in_the_zone_of_its_own_person(user, study):
    elsewhere = UserFactory(radiologist=True)
    Clinic.objects.filter(pk=elsewhere.clinic_id).update(time_zone="America/New_York")
    elsewhere.refresh_from_db()
    other = complete(make_analysis(user=elsewhere)).image.study

    for person, one, zone in ((user, study, ZONE), (elsewhere, other, "America/New_York")):
        said = with_token(person).get(f"/api/v1/studies/{one.pk}/").json()["received_at"]
        assert datetime.fromisoformat(said) == one.received_at
        here = one.received_at.astimezone(ZoneInfo(zone))
        assert datetime.fromisoformat(said).utcoffset() == here.utcoffset()


def test_the_zone_of_one_answer_is_not_that_of_the_next(user, study):
    with_token(user).get(f"/api/v1/studies/{study.pk}/")
    plain = UserFactory(radiologist=True)
    own = complete(make_analysis(user=plain)).image.study
    said = with_token(plain).get(f"/api/v1/studies/{own.pk}/").json()["received_at"]
    assert said.endswith("Z")  # the installation's own zone, UTC


def test_a_time_without_an_offset_is_meant_in_the_clinics_zone(user, study):
    text = {"text": "Mass with midline shift.", "spoken_to": "Dr. Page"}
    Study.objects.update(received_at=timezone.now() - timedelta(hours=2))
    here = datetime.now(ZoneInfo(ZONE)) - timedelta(minutes=20)

    noted = asking_as(user).post(  # a call is a person's to note
        f"/api/v1/studies/{study.pk}/critical-findings/phone/",
        text | {"at": here.replace(tzinfo=None).isoformat()},
    )

    assert noted.status_code == 201, noted.json()
    assert datetime.fromisoformat(noted.json()["reported_at"]) == here
