import pytest
from django.urls import reverse

from scans.models import Analysis, Image
from scans.pages.patients.timeline import THUMBNAILS
from scans.pages.reading.study import PAGE_SIZE
from scans.tests.core.factories import complete, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def large_study(user):
    study = make_study(user=user)
    image = Image.objects.get()
    for number in range(2, PAGE_SIZE + 4):
        image.pk, image._state.adding = None, True
        fields = {
            "number": number,
            "sha256": f"{number:064}",
            "sop_instance_uid": f"2.25.{number}",
        }
        Image.objects.create(
            **{
                name: getattr(image, name)
                for name in (
                    "series_id",
                    "patient_id",
                    "filename",
                    "media_type",
                    "byte_size",
                    "width",
                    "height",
                    "file",
                    "rendition",
                    "thumbnail",
                )
            }
            | fields
        )
    return study


def test_a_large_study_has_pages_and_an_image_is_found_on_its_own(doctor, large_study):
    path = large_study.get_absolute_url()
    assert len(doctor.get(path).context["image_cards"]) == PAGE_SIZE
    assert [
        one["image"].number for one in doctor.get(path, {"page": 2}).context["image_cards"]
    ] == [
        25,
        26,
        27,
    ]
    last = Image.objects.get(number=26)
    response = doctor.get(path, {"image": last.pk})
    assert response.context["page_number"] == 2
    assert f'id="image-{last.pk}"' in response.content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", ""])
def test_a_page_that_is_not_there_is_the_nearest_one(doctor, large_study, number):
    response = doctor.get(large_study.get_absolute_url(), {"page": number})
    assert response.context["page_number"] == (2 if number == "99" else 1)


def test_the_page_takes_a_fixed_number_of_queries(doctor, user, django_assert_max_num_queries):
    study = make_study(user=user, images=8)
    for one in Analysis.objects.all():
        complete(one)
    with django_assert_max_num_queries(37):  # the audit trail takes a third of them
        doctor.get(study.get_absolute_url())


def test_images_that_wait_cost_no_queries_of_their_own(doctor, user, django_assert_max_num_queries):
    def queries_of(study):
        with django_assert_max_num_queries(37) as queries:
            response = doctor.get(study.get_absolute_url())
        assert [one["queue_estimate"].position for one in response.context["image_cards"]]
        return len(queries)

    assert queries_of(make_study(user=user, images=2)) == queries_of(
        make_study(user=user, images=12)
    )


def test_the_case_history_reads_only_the_images_it_shows(doctor, user, large_study):
    response = doctor.get(large_study.patient.get_absolute_url())
    (entry,) = response.context["entries"]
    assert [one.image.number for one in entry["images"]] == list(range(1, THUMBNAILS + 1))
    assert entry["hidden"] == PAGE_SIZE + 3 - THUMBNAILS
    assert "27 images" in response.content.decode()


@pytest.mark.parametrize("number", [5000 * "9", "²", "-1", "x"])
def test_an_odd_number_in_the_address_is_no_error(doctor, large_study, number):
    assert doctor.get(large_study.get_absolute_url(), {"page": number}).status_code == 200
    summary = reverse("study-summary", args=[large_study.pk])
    assert doctor.get(summary, {"known": number}).status_code == 200
