"""What the API's tests cannot reach: the database's own refusals, and two at once."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from accounts.undeletable import UndeletableError
from scans.models import Annotation, AnnotationVersion, Image
from scans.services.annotations.lifecycle import (
    VersionConflictError,
    create_annotation,
    hide_annotation,
    revise_annotation,
)
from scans.tests.core.factories import make_annotation, make_image

pytestmark = pytest.mark.django_db


def test_the_database_refuses_to_change_a_version():
    annotation = make_annotation(note="first")
    version = annotation.current
    with pytest.raises(TypeError, match="add one"):
        AnnotationVersion.objects.update(note="other")
    version.note = "other"
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        version.save()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE scans_annotationversion SET note = 'other'")
    assert AnnotationVersion.objects.get().note == "first"


def test_nothing_of_an_annotation_is_deleted():
    annotation = make_annotation()
    attempts = [annotation.delete, annotation.current.delete, Annotation.objects.all().delete]
    for attempt in [*attempts, annotation.versions.all().delete]:
        with pytest.raises(UndeletableError):
            attempt()


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 2, "origin": "drawn"},
        {"number": 1, "origin": "revised"},
        {"number": 2, "origin": "restored"},
        {"number": 2, "origin": "restored", "restored_from": 2},
        {"number": 2, "origin": "revised", "restored_from": 1},
        {"number": 2, "origin": "hidden"},
        {"number": 2, "origin": "unhidden", "is_hidden": True},
        {"number": 2, "origin": "guessed"},
        {"number": 2, "origin": "revised", "shape": "circle"},
    ],
    ids=str,
)
def test_the_database_refuses_a_version_that_cannot_be(wrong):
    annotation = make_annotation()
    row = annotation.current
    fields = {"shape": row.shape, "geometry": row.geometry, "measurements": row.measurements}
    with pytest.raises(IntegrityError), transaction.atomic():
        AnnotationVersion.objects.create(annotation=annotation, **fields | wrong)


@pytest.mark.parametrize("spacing", [(0.5, None), (None, 0.5), (0, 0), (-1, 1)], ids=str)
def test_an_image_knows_the_size_of_its_pixels_or_does_not(spacing):
    make_image()
    with pytest.raises(IntegrityError), transaction.atomic():
        Image.objects.update(pixel_spacing_row=spacing[0], pixel_spacing_column=spacing[1])


def test_nobody_else_changes_an_annotation_whatever_their_role():
    annotation = make_annotation()
    clinic = annotation.image.patient.clinic
    for role in ("radiologist", "administrator", "clinician"):
        with pytest.raises(NotAllowedError):
            hide_annotation(
                user=UserFactory(clinic=clinic, **{role: True}), annotation=annotation, version=1
            )
    with pytest.raises(NotAllowedError):
        hide_annotation(user=UserFactory(superuser=True), annotation=annotation, version=1)


def test_a_change_that_comes_to_nothing_leaves_no_event():
    annotation = make_annotation(note="as it is")
    before = AuditEvent.objects.count()
    same = revise_annotation(
        user=annotation.author, annotation=annotation, version=1, changes={"note": "as it is"}
    )
    assert (same.version, AuditEvent.objects.count()) == (1, before)
    with pytest.raises(VersionConflictError):
        revise_annotation(
            user=annotation.author, annotation=annotation, version=7, changes={"note": "x"}
        )
    assert AuditEvent.objects.count() == before


def test_a_note_keeps_its_lines_and_no_control_characters():
    annotation = make_annotation(note="one\r\ntwo ")
    assert annotation.current.note == "one\ntwo"
    with pytest.raises(Exception, match="control characters"):
        create_annotation(
            user=annotation.author,
            image=annotation.image,
            annotation_id=annotation.pk,
            geometry=annotation.current.geometry,
            note="a\x00b",
        )
