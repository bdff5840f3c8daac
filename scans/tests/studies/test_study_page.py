import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from scans.models import Analysis, ModelRelease
from scans.services.analyses.execution import claim_analysis
from scans.services.analyses.lifecycle import cancel_analysis, request_analysis
from scans.tests.core.factories import (
    ReleaseFactory,
    WorkerFactory,
    abstain,
    complete,
    fail,
    forget_analyses,
    make_analysis,
    make_study,
    suspect,
)

pytestmark = pytest.mark.django_db
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def analysis(user):
    return make_analysis(user=user)


def page(client, analysis, query=None):
    return client.get(analysis.image.study.get_absolute_url(), query).content.decode()


def path_to(name, analysis):
    return reverse(name, args=[analysis.pk])


def new_active_release():
    ModelRelease.objects.update(is_active=False)
    return ReleaseFactory(is_active=True)


# --- What a card says -------------------------------------------------------------------------


def test_a_result_is_shown_as_the_ais_with_all_that_belongs_to_it(doctor, analysis):
    complete(analysis, probability=0.9734)
    text = page(doctor, analysis)
    for part in (
        "AI suggestion, not a diagnosis",
        "Tumor detected",
        "Probability of a tumor <strong>0.973</strong>, above the threshold 0.500",
        f'href="{analysis.release.get_absolute_url()}"',
        "tensorflow",
        f"0.16{NBSP}s",
        "where the model looked",
        reverse("analysis-file", args=[analysis.pk, "heatmap"]),
        reverse("analysis-file", args=[analysis.pk, "overlay"]),
        reverse("image-file", args=[analysis.image_id, "original"]),
        reverse("image-file", args=[analysis.image_id, "rendition"]),
    ):
        assert part in text
    assert 'hx-trigger="every' not in text


@pytest.mark.parametrize(
    ("probability", "words", "shown", "side"),
    [
        (0.999999, "Tumor detected", "&gt;0.999", "above"),
        (0.000001, "No tumor detected", "&lt;0.001", "below"),
        (0.5, "Tumor detected", "0.500", "above"),
        (0.31, "No tumor detected", "0.310", "below"),
    ],
)
def test_a_probability_stands_beside_its_threshold_and_is_never_certainty(
    doctor, analysis, probability, words, shown, side
):
    complete(analysis, probability=probability)
    text = page(doctor, analysis)
    assert words in text
    assert f"Probability of a tumor <strong>{shown}</strong>, {side} the threshold 0.500" in text
    assert f"{NBSP}% confidence" not in text


def test_an_abstention_gives_its_reason_and_no_heatmap(doctor, analysis):
    abstain(analysis)
    text = page(doctor, analysis)
    assert "No AI opinion" in text
    assert "The image has too little contrast to be read." in text
    assert "data-viewer" not in text
    assert 'hx-trigger="every' not in text


def test_an_empty_heatmap_is_explained(doctor, analysis):
    complete(analysis, probability=0.1, empty_heatmap=True)
    assert "nothing in this image spoke for a tumor" in page(doctor, analysis)


# --- Suspected regions ------------------------------------------------------------------------


def test_suspected_regions_are_a_layer_of_their_own_and_told_in_words(doctor, analysis):
    near = suspect((20, 20), (40, 20), (40, 40), score=0.912, area_px=1234.0)
    far = suspect((100, 90), (110, 90), (105, 99), score=0.7, area_px=90.0)
    complete(analysis, regions=[near, far])
    text = page(doctor, analysis)
    assert 'points="20,20 40,20 40,40"' in text
    assert 'points="100,90 110,90 105,99"' in text
    assert f'viewBox="0 0 {analysis.image.width} {analysis.image.height}"' in text
    assert "outlined by the release's lesion decoder; not a finding" in text
    assert f"Score 0.912, 1,234{NBSP}pixels, image left, upper half" in text
    assert f"Score 0.700, 90{NBSP}pixels" in text
    assert "mm²" not in text
    assert "it is not a probability of a tumor" in text
    assert text.count('class="ns-region-number"') == 4  # two regions, with script and without
    assert 'role="switch"' in text
    assert "same. Look at" not in text


def test_one_region_alone_has_no_number_and_is_told_where_it_lies(doctor, analysis):
    width, height = analysis.image.width, analysis.image.height
    corner = suspect((width - 9, height - 9), (width - 2, height - 9), (width - 5, height - 2))
    complete(analysis, regions=[corner])
    text = page(doctor, analysis)
    assert "image right, lower half" in text
    assert "ns-region-number" not in text


def test_a_region_under_the_label_no_tumor_is_pointed_out(doctor, analysis):
    complete(analysis, probability=0.1, regions=[suspect()])
    assert "The classifier says no tumor, and the decoder outlined a region" in page(
        doctor, analysis
    )


@pytest.mark.parametrize(("probability", "differs"), [(0.9, True), (0.1, False)])
def test_no_region_is_said_and_rules_nothing_out(doctor, analysis, probability, differs):
    complete(analysis, probability=probability, regions=[])
    text = page(doctor, analysis)
    assert "lesion decoder outlined none. That rules nothing out." in text
    assert ("The classifier suggests a tumor all the same." in text) is differs
    assert "data-regions-on" not in text
    assert "<polygon" not in text


def test_an_analysis_by_a_release_without_a_decoder_says_nothing_of_regions(doctor, analysis):
    complete(analysis)
    text = page(doctor, analysis)
    assert "uspected region" not in text
    assert "Out-of-distribution score" not in text


def test_the_distance_from_the_training_images_is_shown_with_either_answer(doctor, user, analysis):
    other = make_analysis(user=user)
    complete(analysis, distance=0.416)
    abstain(other, distance=2.0)
    assert "0.42 (no opinion from 1)" in page(doctor, analysis)
    assert "2.00 (no opinion from 1)" in page(doctor, other)


# --- Waiting and ending -----------------------------------------------------------------------


def test_a_queued_image_says_where_it_stands_and_can_be_cancelled(doctor, user, analysis):
    WorkerFactory(release=analysis.release)
    second = make_analysis(user=user)
    Analysis.objects.filter(pk=second.pk).update(queued_at=timezone.now() + timedelta(seconds=1))
    assert "Queued: next in line" in page(doctor, analysis)
    text = page(doctor, second)
    assert "Queued: 2 in line" in text
    assert "The result is expected in a few seconds." in text
    assert path_to("analysis-cancel", second) in text
    assert 'role="progressbar"' in text
    assert 'hx-trigger="every 2s"' in text


def test_without_a_worker_there_is_no_estimate(doctor, analysis):
    assert "No worker is running right now" in page(doctor, analysis)


def test_a_running_image_says_so_and_cannot_be_cancelled(doctor, analysis):
    claim_analysis(analysis.pk)
    text = page(doctor, analysis)
    assert "The model is reading this image" in text
    assert path_to("analysis-cancel", analysis) not in text


def test_a_failure_is_a_sentence_with_a_retry_and_no_traceback(doctor, analysis):
    fail(analysis, message="The analysis failed 3 times. Try again.")
    text = page(doctor, analysis)
    assert "The analysis failed 3 times. Try again." in text
    assert path_to("analysis-retry", analysis) in text
    assert "Traceback" not in text


def test_an_image_without_an_analysis_can_get_one(doctor, analysis):
    image = analysis.image
    forget_analyses(Analysis.objects.all())
    text = doctor.get(image.study.get_absolute_url()).content.decode()
    assert "Not analyzed" in text
    assert reverse("image-analyze", args=[image.pk]) in text
    ModelRelease.objects.update(is_active=False)
    text = doctor.get(image.study.get_absolute_url()).content.decode()
    assert "No model release is active." in text


# --- Several releases -------------------------------------------------------------------------


def test_older_analyses_stay_with_their_release(doctor, user, analysis):
    complete(analysis, probability=0.9)
    newer_release = new_active_release()
    text = page(doctor, analysis)
    assert f"Analyze with the active release, {newer_release}" in text
    newer, _ = request_analysis(user=user, image=analysis.image)
    complete(newer, probability=0.2)
    text = page(doctor, analysis)
    main, others = text.split("Other analyses</h3>")
    assert "No tumor detected" in main.split('class="ns-image-card"')[1]
    assert "Tumor detected" in others
    assert str(analysis.release) in others
    assert "Analyze with the active release" not in text


def test_an_older_analysis_can_be_shown_in_full(doctor, htmx, user, analysis):
    complete(analysis, probability=0.9)
    new_active_release()
    newer, _ = request_analysis(user=user, image=analysis.image)
    complete(newer, probability=0.2)
    for text in (
        page(doctor, analysis, {"analysis": str(analysis.pk)}),
        htmx.get(path_to("analysis-fragment", analysis)).content.decode(),
    ):
        assert reverse("analysis-file", args=[analysis.pk, "heatmap"]) in text
        assert reverse("analysis-file", args=[newer.pk, "heatmap"]) not in text


# --- Watching, cancelling, trying again -------------------------------------------------------


def test_a_polled_card_answers_204_until_something_changes_and_then_stops(htmx, analysis):
    path = path_to("analysis-fragment", analysis)
    first = htmx.get(path)
    assert b'hx-trigger="every 2s"' in first.content
    seen = {"seen": first.context["version"]}
    assert htmx.get(path, seen).status_code == 204
    claim_analysis(analysis.pk)
    running = htmx.get(path, seen)
    assert b"The model is reading this image" in running.content
    assert "HX-Trigger" not in running
    Analysis.objects.update(status="queued", claim_token=None, lease_expires_at=None)
    complete(analysis, probability=0.9)
    done = htmx.get(path, {"seen": running.context["version"]})
    assert b"hx-trigger" not in done.content
    announced = json.loads(done["HX-Trigger"])["announce"]
    assert announced.startswith(
        "Image 1: AI suggestion: Tumor detected, probability of a tumor 0.900"
    )


def test_the_head_of_the_page_counts_along_and_stops(doctor, htmx, user):
    study = make_study(user=user, images=3)
    path = reverse("study-summary", args=[study.pk])
    first, second, third = Analysis.objects.all()
    complete(first, probability=0.1)
    response = htmx.get(path, {"known": 2})
    assert b"1 of 3 analyzed" in response.content
    assert b"1 more image arrived: show it" in response.content
    assert htmx.get(path, {"known": 2, "seen": response.context["version"]}).status_code == 204
    complete(second, probability=0.8)
    complete(third, probability=0.2)
    done = htmx.get(path, {"known": 3, "seen": response.context["version"]})
    assert b"Tumor detected" in done.content
    assert b"arrived" not in done.content
    assert b"hx-trigger" not in done.content


def test_cancel_and_analyze_again(htmx, analysis):
    cancelled = htmx.post(path_to("analysis-cancel", analysis))
    assert b"The analysis was cancelled" in cancelled.content
    assert b"Analyze again" in cancelled.content
    again = htmx.post(path_to("analysis-retry", analysis))
    assert b"Queued" in again.content
    assert b'hx-trigger="every 2s"' in again.content


def test_what_has_begun_cannot_be_cancelled_and_the_card_says_what_it_is_now(htmx, analysis):
    complete(analysis)
    response = htmx.post(path_to("analysis-cancel", analysis))
    assert response.status_code == 409
    assert b"Tumor detected" in response.content
    toast = json.loads(response["HX-Trigger"])["toast"]
    assert toast.startswith("This analysis is finished.")


@pytest.mark.parametrize("name", ["analysis-cancel", "analysis-retry"])
def test_without_htmx_the_study_page_opens_at_the_image(doctor, analysis, name):
    if name == "analysis-retry":
        fail(analysis)
    response = doctor.post(path_to(name, analysis))
    image = analysis.image
    assert response["Location"] == (
        f"{image.study.get_absolute_url()}?image={image.pk}#image-{image.pk}"
    )


def test_without_htmx_a_conflict_is_a_message(doctor, analysis):
    complete(analysis)
    response = doctor.post(path_to("analysis-retry", analysis), follow=True)
    assert b"Only one that failed or was cancelled can be tried again." in response.content


def test_a_new_release_is_asked_for_its_opinion(htmx, analysis):
    complete(analysis)
    new_active_release()
    response = htmx.post(reverse("image-analyze", args=[analysis.image_id]))
    assert b"Queued" in response.content
    assert Analysis.objects.count() == 2


def test_without_an_active_release_there_is_a_sentence(htmx, analysis):
    ModelRelease.objects.update(is_active=False)
    response = htmx.post(reverse("image-analyze", args=[analysis.image_id]))
    assert response.status_code == 409
    assert "No model release is active." in json.loads(response["HX-Trigger"])["toast"]


def test_cancelled_and_finished_images_do_not_mix_up_the_state(doctor, user):
    study = make_study(user=user, images=2)
    first, second = Analysis.objects.order_by("image__number")
    complete(first)
    cancel_analysis(user=user, analysis=second)
    text = doctor.get(study.get_absolute_url(), {"image": second.image_id}).content.decode()
    assert "1 of 2 analyzed" in text
    assert "The analysis was cancelled" in text
