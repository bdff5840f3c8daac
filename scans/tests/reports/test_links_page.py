"""Findings that lead to their annotations, the odd cases of the editor, and the lists as CSV."""

import csv
from io import StringIO

import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Image
from scans.pages.core.csv_responses import csv_response
from scans.services.annotations.lifecycle import hide_annotation
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports import drafting
from scans.tests.core.factories import complete, make_annotation, make_signed_report, make_study
from scans.tests.core.isolation_table import signed_in, text_of


@pytest.fixture
def reader(db):
    return UserFactory(radiologist=True)


@pytest.fixture
def client(reader):
    return signed_in(reader)


def link_to(annotation):
    path = reverse("viewer", args=[annotation.study.pk])
    return f'<a href="{path}?image={annotation.image_id}&amp;annotation={annotation.pk}">'


def test_a_line_about_image_12_does_not_lead_to_image_1(client, reader):
    study = make_study(user=reader, images=12)
    images = Image.objects.filter(series__study=study).order_by("number")
    first = make_annotation(image=images[0], author=reader, label="Meningioma")
    last = make_annotation(image=images[11], author=reader, label="Meningioma")
    text = "Meningioma on image 12: large.\nMeningioma on image 1: small."
    report = make_signed_report(study=study, author=reader, findings=text)
    page = text_of(client.get(report.get_absolute_url()))
    assert f"{link_to(last)}Meningioma on image 12</a>: large." in page
    assert f"{link_to(first)}Meningioma on image 1</a>: small." in page


@pytest.mark.parametrize("name", ["Annotated area", "Marked area"], ids=["now", "before"])
def test_a_finding_is_linked_whether_its_annotation_is_a_figure_or_was_deleted(
    client, reader, name
):
    study = make_study(user=reader)
    annotation = make_annotation(image=Image.objects.get(series__study=study), author=reader)
    text = f"{name} on image 1: left."
    report = make_signed_report(study=study, author=reader, findings=text)
    hide_annotation(user=reader, annotation=annotation, version=1)
    assert link_to(annotation) in text_of(client.get(report.get_absolute_url()))


def test_the_editor_says_that_a_chosen_annotation_was_deleted(client, reader):
    study = make_study(user=reader)
    annotation = make_annotation(image=Image.objects.get(series__study=study), author=reader)
    report = drafting.start_report(user=reader, study=study)
    hide_annotation(user=reader, annotation=annotation, version=1)
    page = text_of(client.get(reverse("report-edit", args=[report.pk])))
    assert f'value="{annotation.pk}"' in page
    assert "Deleted in the viewer since" in page
    assert "Deleted in the viewer since" in text_of(client.get(report.get_absolute_url()))


def test_what_is_wrong_with_a_text_is_said_to_the_script_apart_from_a_conflict(client, reader):
    report = drafting.start_report(user=reader, study=make_study(user=reader))
    path = reverse("report-save", args=[report.pk])
    sent = {"revision": 0, "findings": "w" * 10_001}
    response = client.post(path, sent, headers={"HX-Request": "true"})
    assert "report-refused" in response["HX-Trigger"]


@pytest.mark.parametrize("start", list("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"), ids=ascii)
def test_no_cell_begins_as_a_formula_does(start):
    response = csv_response("list", ["Patient"], [[f"{start}1+1"]]).content.decode("utf-8-sig")
    assert list(csv.reader(StringIO(response, newline="")))[1] == [f"'{start}1+1"]


def test_the_worklist_leaves_as_it_is_filtered(client, reader):
    one, other = make_study(user=reader), make_study(user=reader, description="Spine")
    type(other).objects.filter(pk=other.pk).update(assignee=reader, priority="stat")
    response = client.post(reverse("worklist-csv"), {"assignee": "me"})
    (row,) = csv.DictReader(StringIO(response.content.decode("utf-8-sig")))
    assert (row["Description"], row["Assignee"], row["Priority"]) == (
        *("Spine", str(reader)),
        "Stat",
    )
    assert row["Due"]
    assert f'action="{reverse("worklist-csv")}"' in text_of(client.get(reverse("worklist")))
    everything = client.get(reverse("worklist-csv")).content.decode("utf-8-sig")
    assert one.patient.mrn in everything


@pytest.mark.parametrize("table", ["differences", "parts", "calibration", "agreement", "input"])
def test_each_table_of_the_statistics_leaves_as_csv(reader, table):
    study = make_study(user=reader)
    complete(Image.objects.get(series__study=study).analyses.get(), probability=0.9)
    sign_verdict(user=reader, study=study, verdict_input=VerdictInput(finding="no_tumor"))
    administrator = signed_in(UserFactory(clinic=reader.clinic, administrator=True))
    path = reverse("statistics-csv", args=[table])
    rows = list(csv.DictReader(StringIO(administrator.get(path).content.decode("utf-8-sig"))))
    assert rows
    assert AuditEvent.objects.filter(action="statistics.exported").count() == 1
    assert f'action="{path}"' in text_of(administrator.get(reverse("statistics")))
    if table == "differences":
        assert (rows[0]["Study"], rows[0]["AI probability"]) == (str(study.pk), "0.900")
    assert signed_in(UserFactory(clinic=reader.clinic)).get(path).status_code == 403


def test_a_table_that_is_none_is_not_found(reader):
    administrator = signed_in(UserFactory(clinic=reader.clinic, administrator=True))
    assert administrator.get(reverse("statistics-csv", args=["nothing"])).status_code == 404
