"""A finding of images that were not on the screen takes a second act, and the verdict says so."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Clinic
from accounts.tests.factories import PASSWORD, UserFactory
from scans.models import Image, Verdict
from scans.models.reading import ReadersRequired
from scans.services.reading.contradictions import UnshownImagesError
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports.drafting import start_report
from scans.services.reports.verdict_signing import sign_verdict
from scans.tests.core.factories import complete, make_study
from scans.tests.core.fixtures import asking_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(user):
    return make_study(user=user, images=3)


@pytest.fixture
def images(study) -> list[str]:
    return [str(pk) for pk in Image.objects.order_by("number").values_list("pk", flat=True)]


def sign(client, study, **fields):
    fields = {"finding": "no_tumor", "in": "viewer"} | fields
    return client.post(reverse("study-verdict-sign", args=[study.pk]), fields)


@pytest.mark.parametrize("place", ["viewer", "study"])
@pytest.mark.parametrize("finding", ["no_tumor", "tumor", "unsure"])
def test_the_first_act_asks_and_the_second_signs(htmx, study, images, finding, place):
    fields = {"finding": finding, "in": place}
    refused = sign(htmx, study, images=images[0], **fields)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "2 of 3 images were not shown." in page
    assert 'name="unshown" value="2"' in page
    assert "contradiction_note" not in page
    assert not Verdict.objects.signed().exists()
    assert sign(htmx, study, images=images[0], unshown=2, **fields).status_code == 200
    verdict = Verdict.objects.signed().get()
    assert (verdict.images_shown, verdict.image_count) == ([images[0]], 3)
    page = htmx.get(study.get_absolute_url()).content.decode()
    assert "Images shown to the reader: 1 of 3" in page


def test_the_images_are_counted_once_as_a_verdict_is_signed(user, study, images):
    entered = VerdictInput(finding="no_tumor", images_shown=images)
    with CaptureQueriesContext(connection) as queries:
        sign_verdict(user=user, study=study, verdict_input=entered)
    counted = [one for one in queries if 'COUNT(*) AS "__count" FROM "scans_image"' in one["sql"]]
    assert len(counted) == 1


def test_fewer_that_were_not_shown_are_not_asked_of_again_and_more_are(htmx, study, images):
    assert sign(htmx, study, images=images[0], unshown=1).status_code == 409
    assert sign(htmx, study, images=" ".join(images[:2]), unshown=2).status_code == 200


WITHOUT = {
    "all were shown": {"images": "all"},
    "a program that reports no images": {},
}


@pytest.mark.parametrize("fields", WITHOUT.values(), ids=WITHOUT)
def test_otherwise_one_act_is_enough(htmx, study, images, fields):
    if fields.get("images") == "all":
        fields = fields | {"images": " ".join(images)}
    assert sign(htmx, study, **fields).status_code == 200


def test_a_clinic_can_do_without_the_question(htmx, study):
    Clinic.objects.update(warns_of_unshown_images=False)
    assert sign(htmx, study, images="").status_code == 200
    assert Verdict.objects.get().images_shown == []


def test_what_was_shown_before_and_elsewhere_counts_and_what_is_no_image_of_it_does_not(
    htmx, user, study, images
):
    other = make_study(user=user)
    foreign = Image.objects.get(series__study=other).pk
    save = reverse("study-verdict-save", args=[study.pk])
    htmx.post(save, {"finding": "no_tumor", "images": f"{images[0]} {foreign} x"})
    htmx.post(save, {"finding": "no_tumor", "images": images[1]})
    assert Verdict.objects.get().images_shown == sorted(images[:2])
    assert sign(htmx, study, images=images[2]).status_code == 200
    assert begin_amendment(user=user, study=study).images_shown == sorted(images)


def test_a_contradiction_and_images_not_shown_are_asked_at_once(htmx, study, images):
    analysis = complete(Image.objects.get(pk=images[0]).analyses.get(), probability=0.9)
    fields = {"images": images[0], f"decision-{analysis.pk}": "accept"}
    first = sign(htmx, study, **fields)
    assert first.context["contradictions"]
    assert 'name="unshown" value="2"' in first.content.decode()
    fields |= {"contradiction": first.context["contradictions"], "unshown": 2}
    short = sign(htmx, study, **fields, contradiction_note="Short")  # neither question is gone
    assert short.context["note_error"]
    assert 'name="unshown" value="2"' in short.content.decode()
    note = "The bright spot is a vessel."
    assert sign(htmx, study, **fields, contradiction_note=note).status_code == 200
    assert Verdict.objects.signed().get().contradiction_note == note


def test_with_a_contradiction_both_are_asked_and_both_answers_stay(htmx, study, images):
    analysis = complete(Image.objects.get(pk=images[0]).analyses.get(), probability=0.9)
    fields = {"images": "", f"decision-{analysis.pk}": "accept"}
    first = sign(htmx, study, **fields)
    fields["contradiction"] = first.context["contradictions"]
    fields["contradiction_note"] = "The bright spot is a vessel."
    second = sign(htmx, study, **fields)
    assert second.status_code == 409
    assert "3 of 3 images were not shown." in second.content.decode()
    assert second.context["contradictions"] == first.context["contradictions"]
    assert "The bright spot is a vessel." in second.content.decode()
    assert sign(htmx, study, **fields, unshown=3).status_code == 200


@pytest.mark.parametrize("finding", ["no_tumor", "tumor", "unsure"])
def test_every_door_asks(user, study, finding):
    entered = VerdictInput(finding=finding, images_shown=[])
    save_draft(user=user, study=study, verdict_input=entered)
    with pytest.raises(UnshownImagesError):
        sign_verdict(user=user, study=study, verdict_input=VerdictInput())


def test_an_adjudication_and_an_amendment_ask_too(htmx, user, study, images):
    study.readers_required = ReadersRequired.TWO
    study.save()
    for finding in ("tumor", "no_tumor"):
        reader = UserFactory(radiologist=True, clinic=user.clinic)
        sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding=finding))
    assert sign(htmx, study, finding="tumor", images="").status_code == 409
    assert sign(htmx, study, finding="tumor", images="", unshown=3).status_code == 200
    begin_amendment(user=user, study=study, reason="A second look.")
    again = {"finding": "unsure", "amendment_reason": "A second look.", "images": images[0]}
    assert sign(htmx, study, **again).status_code == 409
    assert sign(htmx, study, **again, unshown=2).status_code == 200
    assert len(Verdict.objects.get(status="amended").images_shown) == 1


@pytest.mark.parametrize("finding", ["no_tumor", "tumor", "unsure"])
def test_the_report_that_signs_the_verdict_asks(doctor, user, study, images, finding):
    draft = start_report(user=user, study=study)
    fields = {
        "finding": finding,
        "images": images[0],
        "impression": "See above.",
        "revision": draft.revision,
        "password": PASSWORD,
    }
    address = reverse("report-sign", args=[draft.pk])
    refused = doctor.post(address, fields)
    assert refused.status_code == 409
    assert 'name="unshown" value="2"' in refused.content.decode()
    assert not Verdict.objects.signed().exists()
    fields |= {"unshown": 2, "revision": refused.context["report"].revision}
    assert doctor.post(address, fields).status_code == 302
    assert len(Verdict.objects.signed().get().images_shown) == 1


class TestReadFirst:
    @pytest.fixture(autouse=True)
    def _reads_first(self, study, images):
        Clinic.objects.update(read_first=True)
        complete(Image.objects.get(pk=images[0]).analyses.get(), probability=0.9)

    @pytest.mark.parametrize("place", ["viewer", "study"])
    @pytest.mark.parametrize("finding", ["no_tumor", "tumor", "unsure"])
    def test_committing_asks(self, htmx, study, images, finding, place):
        address = reverse("study-verdict-commit", args=[study.pk])
        assert 'name="images"' in htmx.get(address.removesuffix("commit/")).content.decode()
        fields = {"finding": finding, "images": images[0], "in": place, "seconds": 7}
        refused = htmx.post(address, fields)
        assert refused.status_code == 409
        page = refused.content.decode()
        assert "Not committed yet: 2 of 3 images were not shown." in page
        assert (refused.context["form"]["finding"], refused.context["form"]["seconds"]) == (
            finding,
            7,
        )
        assert images[0] in page
        assert not Verdict.objects.filter(committed_at__isnull=False).exists()
        assert htmx.post(address, fields | {"unshown": 2}).status_code in {200, 204}
        draft = Verdict.objects.get()
        assert (draft.committed_finding, draft.images_shown) == (finding, [images[0]])

    def test_over_the_api_it_asks_where_the_page_reported_images(self, user, study):
        entered = VerdictInput(finding="tumor", images_shown=[])
        save_draft(user=user, study=study, verdict_input=entered)
        address = reverse("api:study-verdict-commit", args=[study.pk])
        refused = asking_as(user).post(address, {"finding": "tumor"}, format="json")
        assert refused.status_code == 409
        told = refused.json()["contradictions"]
        assert told == ["3 of 3 images were not shown."]
        again = {"finding": "tumor", "contradictions": told}
        assert asking_as(user).post(address, again, format="json").status_code == 200
