"""Each image of the versions before becomes the frame of an instance, and back again.

On SQLite and, by `neuroscan_site/tests/test_on_postgres.py`, on PostgreSQL.
"""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.exceptions import IrreversibleError
from django.test.utils import CaptureQueriesContext

from accounts.tests.factories import UserFactory
from scans.models import Image, Instance
from scans.tests.core.factories import ImageFactory, complete, make_study
from scans.tests.core.scratch_migrations import migrate, newest
from scans.tests.core.test_immutability import trigger_names

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
BEFORE = "0029_uids_in_their_clinic"
OF_THE_FILE = (
    *("sop_instance_uid", "upload_place", "filename", "media_type", "sha256", "is_repeat"),
    *("byte_size", "file"),
)


@pytest.fixture
def going_back():
    """Goes back to the version before inside; forward again at the end, whatever happens."""
    last = newest()
    try:
        yield lambda: migrate(BEFORE)
    finally:
        migrate(last)


def of_files():
    """What is known of each image's file, by the image's id as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {', '.join(OF_THE_FILE)} FROM scans_image")  # noqa: S608
        return {row[0]: row[1:] for row in cursor.fetchall()}


def studies_of_two_clinics():
    studies = [make_study(user=UserFactory(), images=3), make_study(user=UserFactory())]
    for study in studies:
        complete(study.series.get().images.first().analyses.get())
    return studies


def test_every_image_is_the_frame_of_an_instance_with_what_it_had_of_its_file(going_back):
    studies = studies_of_two_clinics()
    Instance.objects.filter(series__study=studies[1]).update(is_repeat=True, upload_place=None)
    images = {row.pk: row for row in Image.objects.with_instance()}
    going_back()
    before = of_files()
    assert {str(row).replace("-", "") for row in before} == {pk.hex for pk in images}
    migrate()
    found = list(Image.objects.select_related("instance", "series__study"))
    assert len(found) == len(images) == 4
    for image in found:
        instance, earlier = image.instance, images[image.pk]
        assert (image.frame_number, instance.number_of_frames, instance.header) == (1, 1, None)
        for name in OF_THE_FILE:
            assert getattr(instance, name) == getattr(earlier.instance, name), name
        assert instance.series_id == image.series_id
        assert instance.patient_id == image.patient_id
        assert instance.clinic_id == image.series.study.clinic_id
        assert instance.received_at == image.received_at == earlier.received_at
        assert (image.number, image.rendition) == (earlier.number, earlier.rendition)
        assert instance.file.read()
    assert Instance.objects.count() == 4


def test_the_rows_are_protected_before_and_after(going_back):
    studies_of_two_clinics()
    names = trigger_names()
    going_back()
    assert_undeletable("scans_image")
    migrate()
    assert trigger_names() == names
    assert_undeletable("scans_image")
    assert_undeletable("scans_instance")
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        execute("UPDATE scans_analysis SET threshold = 0.1")


def test_a_file_is_a_patients_once_after_going_back_and_forth(going_back):
    studies_of_two_clinics()
    going_back()
    refuses_copies("scans_image")
    migrate()
    refuses_copies("scans_instance")


def test_going_back_is_refused_in_a_sentence_where_a_file_holds_several_images(going_back):
    instance = make_study().series.get().instances.get()
    Instance.objects.update(number_of_frames=2)
    ImageFactory(instance=instance, frame_number=2)
    with pytest.raises(IrreversibleError, match="A file holds several images"):
        going_back()
    assert Image.objects.filter(instance=instance).count() == 2


def test_going_back_is_refused_in_a_sentence_where_two_clinics_hold_one_file(going_back):
    studies_of_two_clinics()
    one, *_, other = Instance.objects.order_by("clinic")
    Instance.objects.filter(pk=other.pk).update(sop_instance_uid=one.sop_instance_uid)
    with pytest.raises(IrreversibleError, match="Two clinics hold a file"):
        going_back()
    assert Instance.objects.count() == 4


def test_it_takes_the_same_few_statements_however_many_images_there_are(going_back):
    def statements():
        going_back()
        with CaptureQueriesContext(connection) as counted:
            migrate()
        return len(counted)

    make_study()
    few = statements()
    make_study(images=12)
    assert statements() == few


def assert_undeletable(table):
    with pytest.raises(IntegrityError, match="is deleted"), transaction.atomic():
        execute(f"DELETE FROM {table}")  # noqa: S608 (our own names)


def refuses_copies(table):
    with pytest.raises(IntegrityError, match=r"(?i)unique"), transaction.atomic():
        execute(f"UPDATE {table} SET sha256 = '0'")  # noqa: S608 (our own names)


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
