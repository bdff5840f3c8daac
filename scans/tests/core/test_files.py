import pytest
from django.http import Http404

from accounts.models import AuditEvent
from accounts.policy import NotAllowedError
from accounts.tests.factories import UserFactory
from scans.services.files import deliver
from scans.tests.core.factories import complete, make_analysis

pytestmark = pytest.mark.django_db


@pytest.fixture
def analysis():
    return complete(make_analysis())


def test_a_file_leaves_with_its_bytes_and_is_recorded(analysis):
    image, user = analysis.image, analysis.image.patient.created_by
    response = deliver(user=user, row=image, kind="original")
    with image.instance.file.storage.open(image.instance.file.name) as stored:
        assert b"".join(response.streaming_content) == stored.read()
    event = AuditEvent.objects.get(action="image.original.read")
    assert (event.actor, event.object_id, event.patient_id) == (
        user,
        str(image.pk),
        image.patient_id,
    )


@pytest.mark.parametrize("kind", ["heatmap", "overlay"])
def test_the_pictures_of_an_analysis_leave_as_png(analysis, kind):
    response = deliver(user=analysis.image.patient.created_by, row=analysis, kind=kind)
    assert next(iter(response.streaming_content)).startswith(b"\x89PNG")
    assert response["Content-Type"] == "image/png"


def test_a_medical_file_is_never_kept_in_a_shared_cache_nor_run_by_a_browser(analysis):
    response = deliver(user=analysis.image.patient.created_by, row=analysis.image, kind="original")
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Disposition"].startswith("attachment")


def test_a_thumbnail_seen_again_and_again_by_one_person_is_recorded_once(analysis):
    for _ in range(3):
        deliver(user=analysis.image.patient.created_by, row=analysis.image, kind="thumbnail")
    assert AuditEvent.objects.filter(action="image.thumbnail.read").count() == 1


def test_another_clinics_user_gets_nothing_and_nothing_is_recorded_as_read(analysis):
    with pytest.raises(NotAllowedError):
        deliver(user=UserFactory(), row=analysis.image, kind="original")
    assert not AuditEvent.objects.filter(action="image.original.read").exists()


@pytest.mark.parametrize("kind", ["heatmap", "overlay", "nonsense"])
def test_there_is_no_picture_before_there_is_a_result(kind):
    analysis = make_analysis()
    with pytest.raises(Http404):
        deliver(user=analysis.image.patient.created_by, row=analysis, kind=kind)


def test_a_file_missing_from_the_storage_is_not_found(analysis):
    analysis.image.instance.file.storage.delete(analysis.image.instance.file.name)
    with pytest.raises(Http404):
        deliver(user=analysis.image.patient.created_by, row=analysis.image, kind="original")


def test_where_browsers_reach_the_bucket_the_original_comes_by_a_signed_url(analysis, settings):
    settings.ORIGINALS_BY_SIGNED_URL = True
    response = deliver(user=analysis.image.patient.created_by, row=analysis.image, kind="original")
    assert response.status_code == 302
    assert AuditEvent.objects.filter(action="image.original.read").exists()
