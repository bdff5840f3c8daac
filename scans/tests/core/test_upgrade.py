"""A clinic that had studies before there were verdicts."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Study
from scans.services.reading.filters import WorklistFilterSet
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reading.worklist import awaiting
from scans.services.statistics.overview import clinic_statistics
from scans.tests.core.factories import complete, make_analysis
from scans.tests.core.isolation_table import signed_in

pytestmark = pytest.mark.django_db


def received(user, days):
    study = complete(make_analysis(user=user)).image.study
    Study.objects.filter(pk=study.pk).update(received_at=timezone.now() - timedelta(days=days))
    return study


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


@pytest.fixture
def upgraded(reader):
    """An old study and a young one, as the upgrade leaves them."""
    old, young = received(reader, 31), received(reader, 29)
    migration = import_module("scans.migrations.0005_assessment")
    migration.leave_old_studies_off_the_worklist(apps, None)
    for study in (old, young):
        study.refresh_from_db()
    return old, young


def test_old_studies_do_not_stand_before_what_comes_in(reader, upgraded):
    old, young = upgraded
    rows = WorklistFilterSet.from_page({}, queryset=awaiting(user=reader), user=reader).qs
    assert [row.pk for row in rows] == [young.pk]
    assert (old.read_stage, old.read_at) == ("read", old.received_at)
    assert clinic_statistics(user=reader).overall.studies == 0


@pytest.mark.parametrize("reads_first", [False, True])
def test_they_are_shown_and_can_still_be_signed(reader, upgraded, reads_first):
    old, _ = upgraded
    Clinic.objects.update(read_first=reads_first)
    client = signed_in(reader)
    for address in (
        "/studies/",
        "/worklist/",
        old.get_absolute_url(),
        old.patient.get_absolute_url(),
    ):
        assert client.get(address).status_code == 200
    assert "Not on the worklist" in client.get(old.get_absolute_url()).content.decode()
    signed = sign_verdict(user=reader, study=old, verdict_input=VerdictInput(finding="tumor"))
    assert (signed.read_as, signed.committed_at) == ("first", None)
    assert clinic_statistics(user=reader).overall.studies == 1
