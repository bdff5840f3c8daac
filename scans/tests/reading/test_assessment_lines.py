"""A signed verdict says what was decided of which images, many alike in one line."""

import html

import pytest
from django.urls import reverse

from accounts.models import Clinic
from scans.models import Image, Study
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.tests.core.factories import complete, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def images(user):
    study = make_study(user=user, images=5)
    images = list(Image.objects.filter(series__study=study).order_by("number"))
    for image in images:
        complete(image.analyses.get(), probability=0.9)
    return images


def lines_of(client, study: Study) -> list[str]:
    page = client.get(reverse("study-verdict", args=[study.pk])).content.decode()
    part = page.split('class="ns-version-assessments', 1)[1].split("</ul>", 1)[0]
    return [html.unescape(one.split("</li>")[0]).strip() for one in part.split("<li>")[1:]]


def test_a_line_names_all_images_that_it_is_true_of(doctor, user, images):
    decisions = ["accept", "accept", "reject", "accept", "accept"]
    assessments = tuple(
        AssessmentInput(
            image.analyses.get().pk, decision, "artifact" if decision == "reject" else ""
        )
        for image, decision in zip(images, decisions, strict=True)
    )
    shown = [image.pk for image in images[:4]]
    study = images[0].study
    Clinic.objects.update(warns_of_unshown_images=False)
    sign_verdict(
        user=user,
        study=study,
        verdict_input=VerdictInput(finding="tumor", assessments=assessments, images_shown=shown),
    )
    assert lines_of(doctor, study) == [
        "Images 1 to 2, 4: AI result accepted",
        "Image 3: AI result rejected (Artifact)",
        "Image 5: AI result accepted, without having been shown",
    ]
