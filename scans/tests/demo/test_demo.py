import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Clinic, User
from accounts.tests.factories import PASSWORD, UserFactory
from ml.imaging import formats
from ml.predictor import Predictor
from ml.release import releases
from scans import ingest
from scans.geometry import Spacing
from scans.ingest.limits import upload_limits
from scans.models import Analysis, Annotation, Image, Patient, Report, Series, Study, Verdict
from scans.models.reading import ReadStage
from scans.services.demo import dicom_study
from scans.services.demo.clinics import (
    CLINICS,
    create_demo,
    demo_password,
    demo_usernames,
    draw_demo,
)
from scans.synthetic import Lesion, draw_slice
from scans.tasks import read_demo
from scans.tests.core.factories import ReleaseFactory, complete

pytestmark = [pytest.mark.django_db, pytest.mark.long]


@pytest.fixture(autouse=True)
def _short_series(monkeypatch):
    """Of 80 slices of the size of a real series each test would take seconds."""
    short = [replace(series, slices=6, side=96) for series in dicom_study.SERIES]
    monkeypatch.setattr(dicom_study, "SERIES", short)


def test_the_demo_has_two_clinics_with_their_people_patients_and_dated_studies():
    ReleaseFactory()
    create_demo(password="a demo password")
    assert Clinic.objects.count() == 2
    assert {*demo_usernames()} == {
        "clinician",
        "radiologist",
        "second-reader",
        "third-reader",
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
    assert not Verdict.objects.exists()  # nothing is read before it is analyzed
    drawn = sum(s.images for clinic in CLINICS for p in clinic.patients for s in p.studies)
    drawn += sum(series.slices for series in dicom_study.SERIES)
    pictures = Series.objects.exclude(study__patient__mrn=dicom_study.MRN)
    known = pictures.values_list("study__patient__mrn", "plane", "sequence").distinct()
    assert {plane for _, plane, _ in known} == {"axial"}
    assert {mrn for mrn, _, sequence in known if sequence == "T1c"} == {"DEMO-1002"}
    assert {sequence for _, _, sequence in known} == {"FLAIR", "T1c"}
    assert Image.objects.count() == drawn  # two scans of one head are not the same bytes


def test_earlier_studies_are_read_once_analyzed_and_double_reading_can_be_tried(settings):
    settings.DEMO, settings.DEMO_PASSWORD = True, "a demo password"
    ReleaseFactory()
    create_demo(password="a demo password")
    read_demo()
    assert not Verdict.objects.exists()  # the worker has not come to them yet
    for analysis in Analysis.objects.all():
        complete(analysis, probability=0.1)
    read_demo()
    stages = Study.objects.exclude(read_stage=ReadStage.READ).values_list(
        "patient__mrn", "read_stage", "readers_required"
    )
    assert sorted(stages) == [  # the newest of each patient
        ("DEMO-1001", "waiting", 1),
        ("DEMO-1002", "waiting", 2),
        ("DEMO-1003", "waiting", 1),
        ("DEMO-1004", "adjudication", 2),
        ("DEMO-1006", "waiting", 1),
        ("DEMO-2001", "waiting", 1),
    ]
    assert Report.objects.signed().count() == Study.objects.count() - 6
    assert Verdict.objects.count() == Study.objects.count() - 6 + 2
    assert Annotation.objects.count() == 2
    report = Report.objects.signed().filter(study__patient__mrn="DEMO-1001").last()
    finished = Analysis.objects.filter(image__series__study=report.study)
    assert all(one.finished_at < report.signed_at for one in finished)
    before = Verdict.objects.count()
    read_demo()
    assert Verdict.objects.count() == before


def test_one_study_is_of_a_scanner_with_two_series_in_order_and_millimeters():
    ReleaseFactory()
    create_demo(password="a demo password")
    study = Study.objects.get(patient__mrn=dicom_study.MRN)
    assert study.description == "MRI head, first seizure"
    series = list(study.series.order_by("number"))
    assert [one.images.count() for one in series] == [one.slices for one in dicom_study.SERIES]
    sequences = [set(one.images.values_list("sequence", "plane")) for one in series]
    assert sequences == [{("FLAIR", "axial")}, {("T1c", "axial")}]
    heights = [
        position[2] for position in series[0].images.values_list("image_position", flat=True)
    ]
    assert heights == sorted(heights)
    assert series[0].images.first().pixel_spacing == Spacing(row=1.0, column=1.0)


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


def test_the_shipped_release_reads_most_drawn_heads_for_what_they_show(tmp_path):
    """Heads without a lesion once were all read as tumors: then the demo shows nothing.

    Not all: a demo in which the model is never wrong would show too much.
    """
    predictor = Predictor.load(releases.SHIPPED)
    right: dict[str, list[bool]] = {"lesion": [], "no-lesion": []}
    for file in draw_demo(tmp_path):
        shows = "no-lesion" if file.stem.endswith("no-lesion") else "lesion"
        label = getattr(predictor.predict(formats.read_path(file).image.pixels), "label", None)
        right[shows].append(label == ("tumor" if shows == "lesion" else "no_tumor"))
    assert {shows: sum(them) / len(them) >= 0.8 for shows, them in right.items()} == {
        "lesion": True,
        "no-lesion": True,
    }


def test_the_command_only_draws_where_asked(tmp_path):
    call_command("create_demo", "--draw-into", str(tmp_path / "drawn"), verbosity=0)
    names = sorted(file.name for file in (tmp_path / "drawn").iterdir())
    assert len(names) == sum(s.images for c in CLINICS for p in c.patients for s in p.studies)
    assert names[0] == "DEMO-1001-012-1-no-lesion.png"
    assert not Clinic.objects.exists()


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
