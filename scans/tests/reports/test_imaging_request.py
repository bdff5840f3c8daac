"""Question, referring physician, accession number: shown and corrected in the editor, printed."""

import pytest
from django.urls import reverse

from accounts.tests.factories import PASSWORD
from scans.models import Image, RecordChange, Report
from scans.services.annotations.key_images import star_image
from scans.services.reports.drafting import start_report
from scans.services.studies.corrections import correct_study
from scans.tests.core.factories import PatientFactory, complete, make_study
from scans.tests.core.isolation_table import text_of

pytestmark = pytest.mark.django_db
ASKED = {
    "clinical_question": "Growth of the meningioma?",
    "referring_physician": "Dr. Ívarsson",
    "accession_number": "ACC-7",
}
WHY = "As on the order."


@pytest.fixture
def study(user):
    return make_study(patient=PatientFactory(created_by=user), images=3)


@pytest.fixture
def report(user, study):
    return start_report(user=user, study=study)


def correct(client, report, *, htmx: bool = True, **fields):
    facts = dict.fromkeys(ASKED, "") | {f"initial-{name}": "" for name in ASKED} | fields
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(reverse("report-asked", args=[report.pk]), facts, headers=headers)


def test_what_was_asked_is_corrected_in_the_editor_with_a_reason(doctor, study, report):
    page = doctor.get(reverse("report-edit", args=[report.pk])).content.decode()
    assert page.count("not stated") == 3
    refused = correct(doctor, report, **ASKED)
    assert refused.status_code == 422
    assert "Say why" in text_of(refused)
    assert "ACC-7" in refused.content.decode(), "what was typed is still there"
    done = correct(doctor, report, **ASKED, reason=WHY)
    assert done.status_code == 200
    assert "Corrected." in text_of(done)
    study.refresh_from_db()
    assert {name: getattr(study, name) for name in ASKED} == ASKED
    change = RecordChange.objects.get()
    assert (set(change.after), change.reason) == (set(ASKED), WHY)
    for name in ("report-edit", "report"):
        shown = text_of(doctor.get(reverse(name, args=[report.pk])))
        assert all(text in shown for text in ASKED.values()), name
    assert correct(doctor, report, htmx=False, **ASKED, reason=WHY).status_code == 302


def test_what_somebody_else_corrected_meanwhile_is_not_overwritten(doctor, user, study, report):
    correct_study(user=user, study=study, changes={"accession_number": "ACC-1"}, reason=WHY)
    refused = correct(doctor, report, accession_number="ACC-2", reason=WHY)
    assert refused.status_code == 422
    assert "Somebody else has changed this to “ACC-1” meanwhile" in text_of(refused)
    study.refresh_from_db()
    assert study.accession_number == "ACC-1"
    again = {"accession_number": "ACC-2", "initial-accession_number": "ACC-1", "reason": WHY}
    assert 'name="initial-accession_number" value="ACC-1"' in refused.content.decode()
    assert correct(doctor, report, **again).status_code == 200
    study.refresh_from_db()
    assert study.accession_number == "ACC-2"


def test_a_signed_report_shows_what_was_asked_as_it_was_signed(doctor, user, study, report):
    correct(doctor, report, **ASKED, reason=WHY)
    report.refresh_from_db()
    signed = {"revision": report.revision, **report.texts, "finding": "no_tumor"}
    doctor.post(
        reverse("report-sign", args=[report.pk]),
        signed | {"impression": "No tumor.", "password": PASSWORD},
    )
    assert Report.objects.get().is_signed
    correct_study(user=user, study=study, changes={"accession_number": "ACC-8"}, reason=WHY)
    shown = text_of(doctor.get(report.get_absolute_url()))
    assert "Accession number ACC-7" in shown
    assert "Growth of the meningioma?" in shown


def test_key_images_are_offered_as_figures_first(doctor, user, study, report):
    images = list(Image.objects.filter(series__study=study).order_by("number"))
    complete(images[0].analyses.get(), probability=0.9)
    star_image(user=user, image=images[2])
    page = doctor.get(reverse("report-edit", args=[report.pk])).content.decode()
    key, others = page.split("data-key-figures")[1].split("data-other-figures")
    assert f'id="figure-{images[2].pk}"' in key
    assert reverse("image-file", args=[images[2].pk, "thumbnail"]) in key
    assert [f'id="figure-{one.pk}"' in others for one in images] == [True, True, False]
    doctor.post(
        reverse("report-save", args=[report.pk]),
        {"revision": report.revision, **report.texts, "figures": [str(images[2].pk)]},
    )
    report.refresh_from_db()
    assert [one["image"] for one in report.figures] == [str(images[2].pk)]
