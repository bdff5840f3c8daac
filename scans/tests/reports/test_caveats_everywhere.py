"""Address by address: what is said beside a verdict and a report wherever either is shown.

That the verdict was amended after the report, that the report was signed although it contradicts
itself, that the study was moved after something of it was signed, and which one verdict decides.
Every address of the project (`isolation_table`) is either in a table here or shows neither a
verdict nor a report.
"""

import csv
from dataclasses import dataclass
from io import StringIO
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from scans.models import Image, Study
from scans.services.reading.new_images import sign_nothing_changes
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports.drafting import start_report
from scans.services.reports.verdict_signing import sign_verdict
from scans.services.studies.moving import move_study
from scans.services.studies.receiving import receive_study
from scans.services.studies.undoing import undo_change
from scans.tests.core import pictures
from scans.tests.core.factories import (
    PatientFactory,
    complete,
    make_signed_report,
    make_study,
)
from scans.tests.core.isolation_table import (
    EVERYWHERE,
    WRITE,
    World,
    address,
    signed_in,
    text_of,
)

LISTS = ["home", "patients", "reports"]
PAGES = [
    *("patient", "patient-timeline", "study", "study-entry", "study-verdict", "viewer"),
    *("study-report", "report", "report-verify", "statistics"),
]
FILES = ["studies-csv", "patients-csv", "reports-csv", "statistics-csv"]
ANSWERS = [
    *("study-list", "study-detail", "study-verdicts", "patient-timeline", "patient-history"),
    *("report-list", "report-detail", "statistics"),
]
PDF = ["report-pdf", "api:report-pdf"]
# Of a study that waits for a third reader because a verdict was amended after the report.
WORKLIST = ["worklist", "worklist-csv", "api:worklist"]
TABLES = {*LISTS, *PAGES, *FILES, *PDF, *WORKLIST, *(f"api:{name}" for name in ANSWERS)}
# Of the pages, those that show a verdict; a report may be shown without it.
DECIDING_PAGES = [
    *("home", "patients", "patient", "patient-timeline", "study", "study-entry"),
    *("study-verdict", "viewer", "report", "statistics"),
]
DECIDING_ANSWERS = ["study-verdicts", "patient-timeline", "statistics"]
COMMENT, IMPRESSION = "Seen with care by the reader.", "Nothing that grows, in these words."
AMENDED = {"page": "data-verdict-amended", "answer": '"verdict_amended_at":"'}
MOVED = {"page": "data-moved", "answer": '"moved_at":"'}


@dataclass
class Signed(World):
    """A study with a signed verdict, which decides, and the signed report of it."""

    @property
    def reader(self):
        return self.owner

    def text(self, name):
        """What is at this address, as somebody who may see it."""
        client = signed_in(self.others[0] if "statistics" in name else self.owner)
        response = client.get(address(name, self))
        assert response.status_code == 200, name
        return text_of(response)

    def rows(self, name):
        """The rows of this file."""
        return list(csv.DictReader(StringIO(self.text(name).removeprefix("\ufeff"))))

    def amend(self, *, finding="no_tumor"):
        begin_amendment(user=self.reader, study=self.study)
        amended = VerdictInput(finding=finding, amendment_reason="Seen again.")
        return sign_verdict(user=self.reader, study=self.study, verdict_input=amended)


@pytest.fixture
def signed(db):
    return make_signed()


def make_signed(**of_report):
    """AI and reader differ, so that the statistics show the study too."""
    reader = UserFactory(radiologist=True)
    study = make_study(user=reader, description="Head, follow-up")
    image = Image.objects.get(series__study=study)
    analysis = complete(image.analyses.get(), probability=0.9)
    finding = VerdictInput(finding="no_tumor", comment=COMMENT)
    verdict = sign_verdict(user=reader, study=study, verdict_input=finding)
    report = make_signed_report(study=study, author=reader, impression=IMPRESSION, **of_report)
    administrator = UserFactory(administrator=True, clinic=reader.clinic)
    made = Signed(reader, [administrator], study.patient, study, image, analysis, "x", [])
    made.verdict, made.report = verdict, report
    study.refresh_from_db()
    return made


@pytest.fixture
def reopened(signed):
    """Two readers agreed and the report was signed; then one of them amends, and they disagree."""
    Study.objects.filter(pk=signed.study.pk).update(readers_required=2, read_stage="waiting")
    signed.study.refresh_from_db()
    second = UserFactory(radiologist=True, clinic=signed.owner.clinic)
    finding = VerdictInput(finding="no_tumor")
    sign_verdict(user=second, study=signed.study, verdict_input=finding)
    return signed


# --- Amended after the report ---------------------------------------------------------------------


def test_until_the_amendment_is_signed_every_page_says_so(signed):
    for name in [*LISTS, *PAGES]:
        assert AMENDED["page"] not in signed.text(name), name
    signed.amend()
    for name in [*LISTS, *PAGES]:
        text = signed.text(name)
        assert AMENDED["page"] in text, name
        assert "amended after th" in text.lower(), name


def test_every_answer_of_the_api_says_so(signed):
    for name in ANSWERS:
        text = signed.text(f"api:{name}")
        assert '"verdict_amended_at":null' in text, name
        assert AMENDED["answer"] not in text, name
    moment = signed.amend().signed_at.isoformat().replace("+00:00", "Z")
    for name in ANSWERS:
        assert f'"verdict_amended_at":"{moment}"' in signed.text(f"api:{name}"), name


def test_every_file_says_so(signed):
    column = "Verdict amended after the report"
    for name in FILES:
        assert [row[column] for row in signed.rows(name)] == [""], name
    moment = timezone.localtime(signed.amend().signed_at).isoformat(timespec="seconds")
    for name in FILES:
        assert moment in [row[column] for row in signed.rows(name)], name


def test_the_worklist_says_so_where_the_amendment_makes_a_disagreement(reopened):
    for name in WORKLIST:
        assert str(reopened.study.pk) not in reopened.text(name), name
    reopened.amend(finding="tumor")
    assert AMENDED["page"] in reopened.text("worklist")
    assert AMENDED["answer"] in reopened.text("api:worklist")
    assert [row["Verdict amended after the report"] != "" for row in reopened.rows("worklist-csv")]


def test_the_pdf_is_delivered_with_it(signed):
    client = signed_in(signed.owner)
    for name in PDF:
        assert "X-Verdict-Amended-At" not in client.get(address(name, signed)), name
    moment = signed.amend().signed_at.isoformat()
    for name in PDF:
        assert client.get(address(name, signed))["X-Verdict-Amended-At"] == moment, name


def test_the_administration_has_columns_for_it(signed):
    client = signed_in(UserFactory(superuser=True))
    verdict = signed.amend()
    move(signed)
    for model, row in (("scans_report", signed.report), ("scans_verdict", signed.verdict)):
        for kind, more in (("changelist", []), ("change", [row.pk])):
            text = text_of(client.get(reverse(f"admin:{model}_{kind}", args=more)))
            assert f"signed for {signed.patient.name}" in text, (model, kind)
            assert verdict.pk is not None
            assert ("Verdict amended after" in text) == (model == "scans_report"), (model, kind)


def test_the_editor_of_a_report_says_it_of_what_it_amends_and_of_the_earlier_studies(signed):
    signed.amend()
    amendment = signed.study.reports.get(status="preliminary")
    later = make_study(user=signed.reader, patient=signed.patient)
    draft = start_report(user=signed.reader, study=later)
    for report in (amendment, draft):
        text = text_of(signed_in(signed.owner).get(reverse("report-edit", args=[report.pk])))
        assert AMENDED["page"] in text
        assert text.count("data-deciding") == 1


# --- Signed although it contradicts itself --------------------------------------------------------

ALTHOUGH = "The impression speaks of a tumor, and the verdict does not."
REMARK = "The tumor is the one of 2019."


@pytest.fixture
def contradicting(db):
    return make_signed(contradictions=[ALTHOUGH], contradiction_note=REMARK)


def test_every_page_says_what_it_was_signed_although_with_the_remark(contradicting):
    for name in [*LISTS, *PAGES]:
        text = contradicting.text(name)
        assert "data-signed-although" in text, name
        assert "signed although" in text.lower(), name
        assert (ALTHOUGH in text, REMARK in text) == (True, True), name


def test_no_page_says_so_of_a_report_that_nothing_was_asked_of(signed):
    for name in [*LISTS, *PAGES]:
        assert "data-signed-although" not in signed.text(name), name


def test_every_answer_and_every_file_says_what_it_was_signed_although(contradicting):
    for name in set(ANSWERS) - {"study-verdicts"}:  # of a verdict: its own
        text = contradicting.text(f"api:{name}")
        assert (ALTHOUGH in text, REMARK in text) == (True, True), name
    for name in FILES:
        (row,) = [one for one in contradicting.rows(name) if one["Report signed although"]]
        assert row["Report signed although"] == ALTHOUGH, name
        assert row["The signer's remark"] == REMARK, name


# --- Moved after it was signed --------------------------------------------------------------------


def move(signed):
    other = PatientFactory(created_by=signed.reader, family_name="Rightly", mrn="RIGHT-1")
    study = Study.objects.select_related("patient").get()
    return move_study(user=signed.reader, study=study, patient=other, reason="The wrong person.")


def at_its_patient(signed):
    signed.patient = Study.objects.select_related("patient").get().patient
    return signed


def test_every_page_says_that_the_study_was_moved_and_whom_it_was_signed_for(signed):
    printed = f"{signed.patient.name} (MRN {signed.patient.mrn})"
    for name in [*LISTS, *PAGES]:
        assert MOVED["page"] not in signed.text(name), name
    change = move(signed)
    for name in [*LISTS, *PAGES]:
        text = at_its_patient(signed).text(name)
        assert MOVED["page"] in text, name
        assert "moved on" in text.lower(), name
        assert printed in text, name
    undo_change(user=signed.reader, change=change)
    # Back where it was signed for, nothing is announced any more; the trail tells both ways.
    told = {name for name in [*LISTS, *PAGES] if MOVED["page"] in at_its_patient(signed).text(name)}
    assert told == set()


def test_every_answer_of_the_api_says_that_it_was_moved(signed):
    printed = f"{signed.patient.name} (MRN {signed.patient.mrn})"
    for name in ANSWERS:
        assert MOVED["answer"] not in signed.text(f"api:{name}"), name
    move(signed)
    for name in ANSWERS:
        text = at_its_patient(signed).text(f"api:{name}")
        assert MOVED["answer"] in text, name
        assert f'"moved_from":"{printed}"' in text, name


def test_every_file_says_that_it_was_moved_and_the_reports_keep_what_is_printed(signed):
    before = signed.patient
    for name in FILES:
        assert [row["Moved on"] for row in signed.rows(name)] == [""], name
    moment = timezone.localtime(move(signed).made_at).isoformat(timespec="seconds")
    for name in FILES:
        (row,) = [one for one in signed.rows(name) if one["Moved on"]]
        assert row["Moved on"] == moment, name
        assert row["Signed for"] == f"{before.name} (MRN {before.mrn})", name
    (row,) = signed.rows("reports-csv")
    assert (row["MRN"], row["MRN as printed"]) == ("RIGHT-1", before.mrn)
    assert row["Patient as printed"] == before.name


def test_the_pdf_is_delivered_with_the_move(signed):
    client = signed_in(signed.owner)
    for name in PDF:
        assert "X-Study-Moved-At" not in client.get(address(name, signed)), name
    moment = move(signed).made_at.isoformat()
    for name in PDF:
        assert client.get(address(name, signed))["X-Study-Moved-At"] == moment, name


def test_what_is_signed_after_a_move_is_signed_for_the_patient_it_is_of(signed):
    move(signed)
    signed.amend()
    text = at_its_patient(signed).text("api:study-verdicts")
    assert text.count(MOVED["answer"]) == 1  # the superseded one alone
    assert text.count('"moved_at":null') == 1


# --- The one that decides -------------------------------------------------------------------------


def test_exactly_one_verdict_is_marked_as_the_deciding_one(signed):
    for _ in range(2):
        for name in DECIDING_PAGES:
            assert signed.text(name).count("data-deciding") == 1, name
        for name in DECIDING_ANSWERS:
            assert signed.text(f"api:{name}").count('"is_deciding":true') == 1, name
        signed.amend()


def test_none_decides_while_two_readers_disagree(reopened):
    reopened.amend(finding="tumor")
    for name in [*DECIDING_PAGES, *(f"api:{name}" for name in DECIDING_ANSWERS)]:
        text = reopened.text(name)
        assert "data-deciding" not in text, name
        assert '"is_deciding":true' not in text, name


# --- All others -----------------------------------------------------------------------------------


def test_every_other_address_shows_neither_a_verdict_nor_a_report(signed):
    signed.amend()
    traces = [COMMENT, IMPRESSION, signed.report.code, str(signed.verdict.pk)]
    traces += [f"/reports/{signed.report.pk}"]
    for name in sorted(set(EVERYWHERE) - TABLES):
        if EVERYWHERE[name].why_not == WRITE:
            continue
        for user in (signed.owner, signed.others[0]):
            text = text_of(signed_in(user).get(address(name, signed)))
            assert [one for one in traces if one in text] == [], name


# --- New images since it was signed ---------------------------------------------------------------

NEW_IMAGES = {"page": "data-new-images", "answer": '"new_images_at":"'}


def add_image(signed):
    """Another file of the study, as its sender sends it in a later call of the same upload."""
    upload_id = uuid4()
    Study.objects.filter(pk=signed.study.pk).update(upload_id=upload_id)
    receive_study(
        user=signed.study.received_by,
        patient=signed.patient,
        study_date=signed.study.study_date,
        files=[pictures.upload("late.png", pictures.png(seed=77))],
        upload_id=upload_id,
        place=9,
    )
    signed.study.refresh_from_db()
    return signed.study.new_images_at


def test_every_page_file_and_answer_says_that_new_images_came(signed):
    everywhere = [*LISTS, *PAGES, "worklist"]
    for name in everywhere:
        assert NEW_IMAGES["page"] not in signed.text(name), name
    for name in ANSWERS:
        assert NEW_IMAGES["answer"] not in signed.text(f"api:{name}"), name
    moment = add_image(signed)
    for name in everywhere:
        text = signed.text(name)
        assert NEW_IMAGES["page"] in text, name
        assert "new image" in text.lower(), name
    of_api = moment.isoformat().replace("+00:00", "Z")
    for name in [*ANSWERS, "worklist"]:
        assert f'"new_images_at":"{of_api}"' in signed.text(f"api:{name}"), name
    of_file = timezone.localtime(moment).isoformat(timespec="seconds")
    for name in [*FILES, "worklist-csv"]:
        column = [row["New images since it was signed"] for row in signed.rows(name)]
        assert of_file in column, name


def test_the_report_says_so_until_it_is_amended_also_where_nothing_changes(signed):
    client = signed_in(signed.owner)
    moment = add_image(signed)
    for name in PDF:
        response = client.get(address(name, signed))
        assert response["X-New-Images-At"] == moment.isoformat(), name
        assert "new-images-since.pdf" in response["Content-Disposition"], name
    study = signed.study
    sign_nothing_changes(user=signed.owner, study=study, seen_until=study.newest_image_at)
    study.refresh_from_db()
    assert study.new_images_at is None
    assert NEW_IMAGES["page"] not in signed.text("worklist")
    for name in ("report", "report-verify", "study-report"):
        text = signed.text(name)
        assert "New images came after this report was signed" in text, name
        assert "nothing changes" in text, name
    assert NEW_IMAGES["answer"] in signed.text("api:report-detail")
