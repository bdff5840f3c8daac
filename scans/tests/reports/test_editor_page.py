"""The editor beside the images: templates, what was opened beside, earlier studies, one finding."""

import re
from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import PASSWORD, ClinicFactory
from scans.models import Analysis, Image, Report, ReportTemplate, Verdict
from scans.services.reading.comparisons import record_comparison
from scans.services.reading.verdict_drafts import VerdictInput, save_draft
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports import signing
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import (
    PatientFactory,
    complete,
    make_annotation,
    make_signed_report,
    make_study,
    make_verdict,
)
from scans.tests.core.fixtures import asking_as
from scans.tests.core.isolation_table import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(user):
    return make_study(patient=PatientFactory(created_by=user))


@pytest.fixture
def report(user, study):
    return start_report(user=user, study=study)


def sent(report, **more):
    report.refresh_from_db()
    return {"revision": report.revision, **report.texts, **more}


def test_a_template_is_inserted_and_replaces_nothing(doctor, user, report):
    template = ReportTemplate.objects.create(
        clinic=user.clinic, name="Spine", technique="3 T.", findings="Cord normal."
    )
    address = reverse("report-insert", args=[report.pk])
    typed = sent(report, technique="1.5 T.", findings="", template=template.pk)
    assert doctor.post(address, typed).status_code == 302
    report.refresh_from_db()
    assert (report.technique, report.findings) == ("1.5 T.\n3 T.", "Cord normal.")
    doctor.post(address, sent(report, template=template.pk))
    report.refresh_from_db()
    assert report.technique == "1.5 T.\n3 T."  # once


def test_the_api_inserts_a_template_of_the_clinic_and_of_no_other(user, report):
    own = ReportTemplate.objects.create(clinic=user.clinic, name="Own", technique="3 T.")
    foreign = ReportTemplate.objects.create(clinic=ClinicFactory(), name="Foreign")
    api = asking_as(user)
    address = reverse("api:report-insert-template", args=[report.pk])
    body = {"revision": 0, "template": str(foreign.pk)}
    assert api.post(address, body, format="json").status_code == 404
    answer = api.post(address, body | {"template": str(own.pk)}, format="json")
    assert answer.json()["technique"].endswith("3 T.")
    stale = api.post(address, body | {"template": str(own.pk)}, format="json")
    assert stale.status_code in {200, 409}


def test_what_was_opened_since_is_written_into_the_comparison(doctor, user, study):
    earlier = make_study(patient=study.patient, days_ago=200)
    report = start_report(user=user, study=study)
    record_comparison(user=user, study=study, other=earlier)
    editor = reverse("report-edit", args=[report.pk])
    assert "The comparison by what you opened beside so far" in text_of(doctor.get(editor))
    by_hand = f"Images of another hospital were not sent.\n{report.comparison}"
    doctor.post(
        reverse("report-insert", args=[report.pk]),
        sent(report, comparison=by_hand, comparison_now="1", finding="tumor"),
    )
    report.refresh_from_db()
    first, second = report.comparison.split("\n")
    assert first == "Images of another hospital were not sent."
    assert second.startswith("Compared with the study of")
    assert Verdict.objects.get().finding == "tumor"  # what was chosen is kept
    assert "The comparison by what you opened" not in text_of(doctor.get(editor))


def test_the_earlier_study_stands_with_its_image_result_finding_and_report(doctor, user, study):
    earlier = make_study(patient=study.patient, days_ago=200, description="MRI before")
    image = earlier.series.get().images.get()
    complete(image.analyses.get(), probability=0.93)
    make_verdict(study=earlier, reader=user)
    make_signed_report(study=earlier, author=user, impression="A meningioma.")
    report = start_report(user=user, study=study)
    page = text_of(doctor.get(reverse("report-edit", args=[report.pk])))
    card = page[page.index("Earlier studies") :]
    assert reverse("image-file", args=[image.pk, "thumbnail"]) in card
    assert "MRI before" in card
    assert "Tumor detected" in card
    assert "A meningioma." in card
    assert f"?beside={earlier.pk}" in card


def test_what_is_withheld_of_an_earlier_study_is_not_in_the_editor(doctor, user, study):
    earlier = make_study(patient=study.patient, days_ago=200)
    complete(earlier.series.get().images.get().analyses.get(), probability=0.93)
    make_verdict(study=study, reader=user)
    user.clinic.read_first = True
    user.clinic.save()
    report = start_report(user=user, study=study)
    page = text_of(doctor.get(reverse("report-edit", args=[report.pk])))
    card = page[page.index("Earlier studies") :]
    assert "The AI result is withheld until the study is read." in card
    assert "Tumor detected" not in card


def test_a_verdict_that_was_changed_beside_is_not_signed_over(doctor, user, study, report):
    analysis = complete(study.series.get().images.get().analyses.get())
    sign = reverse("report-sign", args=[report.pk])
    page = doctor.get(reverse("report-edit", args=[report.pk]))
    more = {
        "finding": "tumor",
        "verdict_revision": page.context["verdict_revision"],
        "password": PASSWORD,
        "impression": "A tumor.",
    }
    # The same finding, but a comment and an AI result that this window has not shown.
    elsewhere = {"finding": "tumor", "comment": "other window", f"decision-{analysis.pk}": "accept"}
    doctor.post(reverse("study-verdict-save", args=[study.pk]), elsewhere)
    refused = doctor.post(sign, sent(report, **more))
    assert refused.status_code == 409
    text = text_of(refused)
    assert "Your verdict was changed in another place meanwhile, so nothing was signed" in text
    assert "finding “tumor”, 1 AI result assessed, comment “other window”" in text
    assert not Verdict.objects.signed().exists()
    more["verdict_revision"] = refused.context["verdict_revision"]
    # The AI statement says now what became of the result.
    renew = reverse("report-insert", args=[report.pk])
    assert doctor.post(renew, sent(report, **more, renew="1")).status_code == 302
    more["verdict_revision"] = Verdict.objects.get().revision
    assert doctor.post(sign, sent(report, **more)).status_code == 302
    assert Verdict.objects.get().comment == "other window"


def test_what_another_window_saves_while_the_pdf_is_drawn_is_not_signed(
    doctor, user, study, report, monkeypatch
):
    def drawn_meanwhile(signed):
        other = VerdictInput(finding="tumor", comment="other window")
        save_draft(user=user, study=study, verdict_input=other)
        return b"%PDF"

    monkeypatch.setattr(signing, "render_pdf", drawn_meanwhile)
    more = {"finding": "tumor", "verdict_revision": "0", "password": PASSWORD, "impression": "It."}
    refused = doctor.post(reverse("report-sign", args=[report.pk]), sent(report, **more))
    assert refused.status_code == 409
    assert not Verdict.objects.signed().exists()
    assert not Report.objects.signed().exists()


SHOWN = {
    "another": ({"finding": "unsure"}, "finding “unsure”"),
    "none": ({"finding": "", "comment": "Look at the left side."}, "no finding"),
}


@pytest.mark.parametrize(("elsewhere", "words"), SHOWN.values(), ids=SHOWN)
def test_a_finding_that_was_changed_beside_is_shown_and_chosen(
    doctor, user, study, report, elsewhere, words
):
    save_draft(user=user, study=study, verdict_input=VerdictInput(**elsewhere))
    more = {"finding": "tumor", "verdict_revision": "0", "password": PASSWORD, "impression": "It."}
    refused = doctor.post(reverse("report-sign", args=[report.pk]), sent(report, **more))
    assert refused.status_code == 409
    assert words in text_of(refused)
    assert refused.context["chosen_finding"] == (elsewhere["finding"] or "tumor")
    assert not Report.objects.signed().exists()


@pytest.mark.parametrize("is_shown", [False, True])
def test_what_was_not_shown_is_not_in_the_signed_record(doctor, user, study, is_shown):
    analysis = complete(study.series.get().images.get().analyses.get())
    report = start_report(user=user, study=study)
    fields = {"finding": "tumor", "password": PASSWORD, "impression": "It."}
    fields |= {"layers": "label" if is_shown else "", "statements": ""}
    fields |= {"shown": str(analysis.pk) if is_shown else ""}
    signed = doctor.post(reverse("report-sign", args=[report.pk]), sent(report, **fields))
    assert signed.status_code == 302
    content = Verdict.objects.get().ai_content
    assert [one["analysis"] for one in content["analyses"]] == [str(analysis.pk)] * is_shown
    assert content["series"] == []


def test_what_was_shown_beside_is_known_after_the_page_is_drawn_anew(doctor, user, study, report):
    shown = {"layers": "label heatmap", "shown": str(uuid4()), "statements": "1@2026-01-01"}
    template = ReportTemplate.objects.create(clinic=user.clinic, name="Spine", technique="3 T.")
    edit = reverse("report-edit", args=[report.pk])
    refused = doctor.post(reverse("report-sign", args=[report.pk]), sent(report, **shown))
    assert refused.status_code == 409
    assert refused.context["beside"] == shown
    for field, value in shown.items():
        assert re.search(rf'name="{field}"\s+value="{value}"', refused.content.decode())
    for name, more in (("report-insert", {"template": template.pk}), ("report-save", {})):
        page = doctor.post(reverse(name, args=[report.pk]), sent(report, **shown, **more), follow=1)
        assert page.context["beside"] == shown
        assert not any(doctor.get(edit).context["beside"].values())  # once, for the next page


@pytest.mark.parametrize("name", ["report-save", "report-insert", "report-sign"])
def test_the_reason_for_amending_the_verdict_is_kept(doctor, user, study, report, name):
    make_verdict(study=study, reader=user)
    begin_amendment(user=user, study=study)
    draft = Verdict.objects.get(status="draft")
    more = {
        "finding": "unsure",
        "verdict_amendment_reason": "I saw it again.",
        "verdict_revision": draft.revision,
    }
    page = doctor.post(reverse(name, args=[report.pk]), sent(report, **more), follow=True)
    assert page.context["verdict_amendment_reason"] == "I saw it again."
    assert page.context["chosen_finding"] == "unsure"
    if name != "report-sign":  # refused for the password, before anything is saved
        draft.refresh_from_db()
        assert (draft.finding, draft.amendment_reason) == ("unsure", "I saw it again.")
        assert page.context["verdict_revision"] == draft.revision


@pytest.mark.parametrize(
    ("name", "pressed", "not_done"),
    [
        ("report-save", {}, "the text was saved and the verdict was not"),
        ("report-insert", {}, "no template was inserted"),
        ("report-insert", {"renew": "1"}, "no line was renewed"),
        ("report-insert", {"comparison_now": "1"}, "saved without the comparison"),
    ],
)
def test_a_verdict_that_cannot_be_kept_is_said_and_the_text_is_saved(
    doctor, user, study, report, name, pressed, not_done
):
    save_draft(user=user, study=study, verdict_input=VerdictInput(finding="unsure"))
    more = {"finding": "tumor", "verdict_revision": "0", "impression": "Typed here."} | pressed
    page = doctor.post(reverse(name, args=[report.pk]), sent(report, **more))
    assert page.status_code == 409
    assert "Your verdict was changed in another place meanwhile" in text_of(page)
    assert not_done in text_of(page)
    assert "nothing was signed" not in text_of(page)
    report.refresh_from_db()
    assert report.impression == "Typed here."
    again = {"impression": "Typed on.", "revision": page.context["form"]["revision"].value()}
    again |= {"finding": "unsure", "verdict_revision": page.context["verdict_revision"]}
    assert doctor.post(reverse(name, args=[report.pk]), again).status_code == 302


def test_who_is_signed_out_is_told_so_in_a_frame(client, study):
    for address in (reverse("viewer", args=[study.pk]), study.get_absolute_url()):
        page = client.get(address, headers={"Sec-Fetch-Dest": "iframe"})
        assert page.status_code == 401
        assert page["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in page["Content-Security-Policy"]
        assert "You are signed out" in page.content.decode()
        assert f'href="{address}"' in page.content.decode()
        alone = client.get(address, headers={"Sec-Fetch-Dest": "document"})
        assert alone.status_code == 302
        assert reverse("account_login") in alone["Location"]


def test_only_the_viewer_may_stand_in_a_frame_of_ours(doctor, study):
    viewer = doctor.get(reverse("viewer", args=[study.pk]))
    assert viewer["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in viewer["Content-Security-Policy"]
    page = doctor.get(study.get_absolute_url())
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("pressed", ["renew", "comparison_now", "template"])
def test_a_refusal_is_said_at_the_button_that_was_pressed(doctor, user, study, report, pressed):
    ReportTemplate.objects.create(clinic=user.clinic, name="Spine", technique="3 T.")
    complete(study.series.get().images.get().analyses.get())
    record_comparison(user=user, study=study, other=make_study(patient=study.patient, days_ago=400))
    typed = sent(report, **{pressed: "1"}) | {"findings": "x" * 10_001}
    page = doctor.post(reverse("report-insert", args=[report.pk]), typed).content.decode()
    (before,) = re.findall(r"(?s)(.*)data-refused", page)
    button = {"renew": "Renew these lines", "comparison_now": "Write it into", "template": "Insert"}
    buttons = re.findall(r"Renew these lines|Write it into|>Insert<|Sign<", before)
    assert button[pressed] in buttons[-1]


def test_the_editor_reads_once_what_lines_are_generated_from(doctor, user, study):
    make_study(user=user, patient=study.patient, days_ago=100)
    for analysis in Analysis.objects.filter(image__series__study=study):
        complete(analysis, probability=0.7)
    make_annotation(image=Image.objects.filter(series__study=study).first(), author=user)
    address = reverse("report-edit", args=[start_report(user=user, study=study).pk])
    with CaptureQueriesContext(connection) as queries:
        assert doctor.get(address).status_code == 200
    times = Counter(query["sql"] for query in queries if query["sql"].startswith("SELECT"))
    again = {re.search(r'FROM "(\w+)"', sql)[1] for sql, count in times.items() if count > 1}
    assert not again & {"scans_analysis", "scans_seriesstatement", "scans_modelrelease"}
    # Once for the lines, and once for the list of earlier studies, which is this reader's own.
    compared = [count for sql, count in times.items() if '"scans_comparison"' in sql]
    assert compared == [2]
