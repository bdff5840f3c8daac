import stat
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Clinic, User
from accounts.tests.factories import PASSWORD, UserFactory
from scans import ingest
from scans.ingest.limits import upload_limits
from scans.models import Analysis, Annotation, Image, Patient, Report, Study, Verdict
from scans.models.reading import ReadStage
from scans.services.demo.clinics import CLINICS, create_demo, demo_password, demo_usernames
from scans.synthetic import Lesion, draw_slice
from scans.tests.core.factories import ReleaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_the_demo_has_two_clinics_with_their_people_patients_and_dated_studies():
    ReleaseFactory()
    create_demo(password="a demo password")
    assert Clinic.objects.count() == 2
    assert {*demo_usernames()} == {
        "clinician",
        "radiologist",
        "administrator",
        "clinician2",
        "radiologist2",
        "admin",
    }
    assert all(user.check_password("a demo password") for user in User.objects.all())
    assert User.objects.get(username="admin").is_superuser
    assert Patient.objects.filter(studies__isnull=False).distinct().count() >= 5
    assert Study.objects.values("study_date").distinct().count() >= 8
    assert set(Analysis.objects.values_list("status", flat=True)) == {"queued"}
    waiting = Study.objects.exclude(read_stage=ReadStage.READ)
    assert waiting.count() == 5  # the newest of each patient
    assert Report.objects.signed().count() == Verdict.objects.count() == Study.objects.count() - 5
    assert Annotation.objects.count() == 2
    drawn = sum(s.images for clinic in CLINICS for p in clinic.patients for s in p.studies)
    assert Image.objects.count() == drawn  # two scans of one head are not the same bytes


def test_making_the_demo_again_adds_nothing_and_takes_a_new_password():
    ReleaseFactory()
    create_demo(password="first password")
    before = (Study.objects.count(), User.objects.count())
    create_demo(password="second password")
    assert (Study.objects.count(), User.objects.count()) == before
    assert User.objects.get(username="radiologist").check_password("second password")


def test_the_random_password_is_kept_and_only_its_owner_reads_it(tmp_path, settings):
    settings.DATA_DIR, settings.DEMO_PASSWORD = tmp_path, ""
    password = demo_password()
    assert demo_password() == password
    assert stat.S_IMODE((Path(tmp_path) / "demo_password").stat().st_mode) == 0o600


def test_the_password_of_the_environment_wins(settings):
    settings.DEMO_PASSWORD = "from the environment"
    assert demo_password() == "from the environment"


def test_each_synthetic_slice_is_an_image_of_its_own_and_the_same_every_time():
    plain, marked = draw_slice(head=1), draw_slice(head=1, lesion=Lesion(0.1, 0.1, 0.06))
    assert draw_slice(head=1) == plain
    assert plain != marked != draw_slice(head=2)
    pixels = ingest.decode(plain, upload_limits()).image.pixels
    corner = pixels[-20:-4, 4:90]
    assert np.count_nonzero(corner > 150) > 100  # "SYNTHETIC" is written there


def test_the_command_makes_the_demo():
    call_command("create_demo")
    assert Clinic.objects.filter(name=CLINICS[0].name).exists()


@pytest.mark.django_db
def test_the_account_of_somebody_real_is_never_touched():
    boss = UserFactory(superuser=True, username="admin", email="boss@real.example")
    with pytest.raises(CommandError, match="NEUROSCAN_DEMO=0"):
        call_command("create_demo")
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)
    assert not Clinic.objects.exclude(pk=boss.clinic_id).exists()
