import re

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import Clinic
from scans.models import Analysis, Image
from scans.pages.patients.timeline import THUMBNAILS
from scans.tests.core.factories import (
    ImageFactory,
    complete,
    make_analyzed_study,
    make_signed_report,
    make_study,
    make_verdict,
)

pytestmark = pytest.mark.django_db
IMAGES = 27


@pytest.fixture
def large_study(user):
    study = make_study(user=user)
    for _ in range(IMAGES - 1):
        ImageFactory(instance__series=study.series.get())
    return study


def large(response):
    """The numbers of the images that are shown large."""
    return [one["image"].number for one in response.context["image_cards"]]


def test_a_large_study_shows_one_image_large_and_every_one_in_a_strip(doctor, large_study):
    path = large_study.get_absolute_url()
    response = doctor.get(path)
    assert large(response) == [1]
    assert response.content.decode().count('class="ns-strip-image"') == IMAGES
    last = Image.objects.get(number=26)
    response = doctor.get(path, {"image": last.pk})
    assert large(response) == [26]
    assert f'id="image-{last.pk}"' in response.content.decode()


def test_the_most_suspicious_image_opens_large_and_is_linked_by_its_number(doctor, user):
    study = make_study(user=user, images=4)
    for image in Image.objects.filter(series__study=study):
        complete(image.analyses.get(), probability=0.9 if image.number == 3 else 0.1)
    response = doctor.get(study.get_absolute_url())
    assert large(response) == [3]
    third = Image.objects.get(series__study=study, number=3)
    link = f'?image={third.pk}#image-{third.pk}">image 3, the most suspicious</a> of 4 analyzed'
    assert link in " ".join(response.content.decode().replace("\n", " ").split())


def test_a_withheld_result_does_not_choose_the_image(doctor, user):
    Clinic.objects.update(read_first=True)
    study = make_study(user=user, images=3)
    for image in Image.objects.filter(series__study=study):
        complete(image.analyses.get(), probability=0.9 if image.number == 3 else 0.1)
    response = doctor.get(study.get_absolute_url())
    assert large(response) == [1]
    assert "most suspicious" not in response.content.decode()


@pytest.mark.parametrize("image", ["0", "-1", "made-up", 5000 * "9", ""])
def test_an_image_that_is_not_there_is_the_first(doctor, large_study, image):
    assert large(doctor.get(large_study.get_absolute_url(), {"image": image})) == [1]


def test_the_page_takes_a_fixed_number_of_queries(doctor, user, django_assert_max_num_queries):
    study = make_study(user=user, images=8)
    for one in Analysis.objects.all():
        complete(one)
    with django_assert_max_num_queries(51):  # the audit trail takes a third of them
        doctor.get(study.get_absolute_url())


def test_images_that_wait_cost_no_queries_of_their_own(doctor, user, django_assert_max_num_queries):
    def queries_of(study):
        with django_assert_max_num_queries(51) as queries:
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
    assert entry["hidden"] == IMAGES - THUMBNAILS
    assert "27 images" in response.content.decode()


@pytest.mark.parametrize("number", [5000 * "9", "²", "-1", "x"])
def test_an_odd_number_in_the_address_is_no_error(doctor, large_study, number):
    summary = reverse("study-summary", args=[large_study.pk])
    assert doctor.get(summary, {"known": number}).status_code == 200


@pytest.mark.parametrize("is_signed", [False, True])
def test_verdict_and_report_come_first_then_the_ai_and_the_images(doctor, user, is_signed):
    """And what is known of the model is folded, once for the study, however many images it has."""
    study = make_analyzed_study(user=user, images=4, probability=0.9)
    if is_signed:
        make_verdict(study=study, reader=user)
        make_signed_report(study=study, author=user)
    text = doctor.get(study.get_absolute_url()).content.decode()
    report = reverse("study-report", args=[study.pk])
    parts = ['<section id="verdict"', f'href="{report}"', '<section id="summary"', "ns-strip"]
    parts += ['class="ns-image-card"', "ns-facts-fold"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.count("ns-facts-fold") == 1
    (fold,) = re.findall(r'<details class="ns-facts-fold"[^>]*>', text)
    assert "open" not in fold
    before = text[: places[0]]
    assert "AI" not in strip_tags(before[before.index("<h1>") :])
