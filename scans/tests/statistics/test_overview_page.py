"""The clinic's overview: turnaround, backlog by age, workload, and who may see it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.immutability import lifted
from accounts.models import Clinic
from accounts.tests.factories import UserFactory
from scans.models import Report, Study, Verdict
from scans.services.statistics.turnaround import clinic_overview, span
from scans.tests.core.factories import archived, make_signed_report, make_study, make_verdict

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def administrator():
    return UserFactory(administrator=True)


@pytest.fixture
def reader(administrator):
    return UserFactory(radiologist=True, clinic=administrator.clinic, last_name="Okafor")


def received(study: Study, at: datetime, **facts: object) -> Study:
    Study.objects.filter(pk=study.pk).update(received_at=at, **facts)
    return study


def signed(model, study: Study, at: datetime) -> None:
    with lifted(connection, model._meta.db_table):
        model.objects.filter(study=study).update(signed_at=at)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_from_received_to_first_read_to_signed(administrator, reader):
    start = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    for wait in (1, 3, 8):
        study = received(make_study(user=reader), start, priority="urgent")
        make_verdict(study=study, reader=reader)
        make_signed_report(study=study, author=reader)
        signed(Verdict, study, start + hours(wait))
        signed(Report, study, start + hours(wait + 2))
    received(make_study(user=reader), start, priority="stat")

    stat, urgent = clinic_overview(user=administrator, now=NOW).turnaround

    assert (urgent.month, urgent.priority, urgent.received) == ("2026-11", "urgent", 3)
    assert urgent.to_first_read.median == hours(3)
    assert urgent.to_first_read.ninth_tenth == hours(8)
    assert urgent.read_to_signed.median == hours(2)
    assert urgent.to_signed.median == hours(5)
    assert (stat.priority, stat.received, stat.to_first_read.count) == ("stat", 1, 0)


def test_months_are_those_of_the_clinic(client, administrator, reader):
    received(make_study(user=reader), datetime(2026, 10, 31, 20, 0, tzinfo=UTC))
    Clinic.objects.update(time_zone="Asia/Tokyo")
    client.force_login(administrator)
    shown = client.get(reverse("clinic-overview")).context["overview"].turnaround
    assert [row.month for row in shown] == ["2026-11"]


def test_the_backlog_by_age(administrator, reader):
    for wait in (0.5, 2, 20, 30, 100):
        received(make_study(user=reader), NOW - hours(wait))
    read = make_study(user=reader)
    make_verdict(study=read, reader=reader)
    archived(received(make_study(user=reader), NOW - hours(2)).patient)

    overview = clinic_overview(user=administrator, now=NOW)

    routine = next(row for row in overview.backlog if row.priority == "routine")
    assert routine.by_age == [1, 1, 1, 1, 1]
    assert (overview.awaiting, overview.overdue) == (5, 2)


def test_the_workload_of_each_reader(administrator, reader):
    other = UserFactory(radiologist=True, clinic=administrator.clinic, last_name="Zander")
    study = make_study(user=reader)
    make_verdict(study=study, reader=reader)
    make_signed_report(study=study, author=reader)
    waiting = make_study(user=reader)
    Study.objects.filter(pk=waiting.pk).update(assignee=other)
    make_verdict(study=make_study(user=UserFactory()))  # another clinic's

    rows = clinic_overview(user=administrator, now=timezone.now()).workload

    assert [(row.reader, row.verdicts, row.reports, row.assigned) for row in rows] == [
        (reader, 1, 1, 0),
        (other, 0, 0, 1),
    ]


def test_the_page_is_the_administrators(client, administrator, reader):
    client.force_login(reader)
    assert client.get(reverse("clinic-overview")).status_code == 403
    client.force_login(UserFactory(superuser=True))
    assert client.get(reverse("clinic-overview")).status_code == 403
    make_study(user=reader)
    client.force_login(administrator)
    page = client.get(reverse("clinic-overview")).content.decode()
    assert "Okafor" in page
    assert "Received to first read" in page


def test_a_span_of_nothing_and_of_ten():
    assert span([]).median is None
    ten = span([hours(number) for number in range(1, 11)])
    assert (ten.median, ten.ninth_tenth) == (hours(5.5), hours(9))
