"""The editor of a report: write a draft, save it while writing, sign it."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from accounts.password_age import note_password, password_given_at
from accounts.policy import Action, get_visible_or_404, require
from accounts.posting import posted_from
from accounts.requests import number_in
from scans.errors import StateConflictError
from scans.models import Report
from scans.models.report_sections import LONGEST_SECTION, SECTION_NAMES, SECTIONS
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.responses import with_htmx_events
from scans.pages.reading.second_act import despite_of, second_act
from scans.pages.reports.earlier import earlier_context
from scans.pages.reports.imaging_request import imaging_request_form
from scans.pages.reports.opening import record_read, report_of
from scans.pages.reports.presentation import (
    figure_choices,
    image_choices,
    sections_of,
)
from scans.pages.reports.verdict_beside import (
    carry_shown,
    keep_verdict,
    refusal_of,
    verdict_context,
    verdict_to_sign,
)
from scans.services.reading.verdict_drafts import VerdictConflictError
from scans.services.reports import drafting as service
from scans.services.reports import signing
from scans.services.reports.content import templates_of, verdict_of
from scans.services.reports.figures import MOST_FIGURES, WITHOUT_A_CHOICE, id_of
from scans.services.reports.generated import stale_lines, unmentioned_statements
from scans.services.reports.generated_now import GeneratedNow
from scans.services.reports.signer import Signer


class ReportForm(forms.ModelForm):
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = Report
        fields = [*SECTION_NAMES, "with_overlay"]
        widgets = {
            section.name: forms.Textarea(
                attrs={
                    "rows": section.lines,
                    "class": "form-control",
                    "maxlength": LONGEST_SECTION,
                }
            )
            for section in SECTIONS
        } | {"with_overlay": forms.CheckboxInput(attrs={"class": "form-check-input"})}
        labels = {"with_overlay": "Color where the model looked over the figures"}


@require_GET
@clinical_page
def report_edit(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Show the editor of a draft; its script saves it while one writes."""
    row = report_of(request, report_id)
    require(request.user, Action.WRITE_REPORT, row)
    service.require_readable(user=request.user, study=row.study)
    if not row.is_draft:
        return redirect(row)
    record_read(request, row)
    return _editor(request, row)


@posted_from("report-edit")
@clinical_page
def report_save(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save the draft. The script gets 204 with the new revision, or why nothing was saved."""
    row = report_of(request, report_id)
    try:
        saved = _saved(request, row)
    except (ValidationError, StateConflictError) as error:
        if request.htmx:
            # The script saves a refused text again once it is corrected; after a conflict the
            # writer compares both sides first.
            kind = "report-refused" if isinstance(error, ValidationError) else "report-not-saved"
            return with_htmx_events(HttpResponse(status=204), **{kind: message_of(error)})
        current = report_of(request, report_id)
        return _editor(request, current, sent=request.POST, refusal=error, at="save")
    if not request.htmx:
        try:
            keep_verdict(request, row)
        except VerdictConflictError as error:
            current = report_of(request, report_id)
            return _editor(
                request, current, sent=request.POST, refusal=error, saved=saved, at="save"
            )
        carry_shown(request, row)
        messages.success(request, "The draft is saved.")
        return redirect("report-edit", row.pk)
    saved_at = saved.saved_at.isoformat()
    response = with_htmx_events(HttpResponse(status=204), **{"report-saved": saved_at})
    response["X-Revision"] = str(saved.revision)
    return response


@posted_from("report-edit")
@clinical_page
def report_insert(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save what was sent, then add a template's texts, or renew what was generated."""
    row = report_of(request, report_id)
    saved: Report | None = None
    act = _act_of(request.POST)
    try:
        saved = _saved(request, row)
        keep_verdict(request, row)
        if act == "comparison":
            service.renew_lines(
                user=request.user,
                report=saved,
                revision=saved.revision,
                sections=["comparison"],
            )
        elif act == "renew":
            service.renew_lines(user=request.user, report=saved, revision=saved.revision)
        elif request.POST.get("template"):
            template = get_visible_or_404(
                templates_of(row.study.clinic_id), request.user, pk=request.POST["template"]
            )
            service.insert_template(
                user=request.user, report=saved, revision=saved.revision, template=template
            )
    except (ValidationError, StateConflictError) as error:
        current = report_of(request, report_id)
        return _editor(request, current, sent=request.POST, refusal=error, saved=saved, at=act)
    carry_shown(request, row)
    return redirect("report-edit", row.pk)


@sensitive_post_parameters("password")
@posted_from("report-edit")
@clinical_page
def report_sign(request: ClinicalRequest, report_id: UUID) -> HttpResponse:
    """Save what was sent from the editor, and sign it."""
    row = report_of(request, report_id)
    saved: Report | None = None
    try:
        saved = _saved(request, row)
        signed = signing.sign_report(
            user=request.user,
            report=saved,
            revision=saved.revision,
            signer=Signer(
                request.POST.get("password", ""),
                password_given_at(request),
                note=partial(note_password, request),
            ),
            noticed=request.POST.getlist("noticed"),
            despite=despite_of(request.POST),
            entered=verdict_to_sign(request),
        )
    except (ValidationError, StateConflictError) as error:
        now = report_of(request, report_id)
        return _editor(request, now, sent=request.POST, refusal=error, saved=saved, at="sign")
    messages.success(request, "The report is signed. It does not change any more.")
    return redirect(signed)


def _editor(
    request: ClinicalRequest,
    row: Report,
    sent: QueryDict | None = None,
    refusal: Exception | None = None,
    saved: Report | None = None,
    at: str = "",
) -> HttpResponse:
    """Render the editor with what was sent; `saved` is what this request saved before a refusal.

    `at` is the button that was pressed: save, insert, renew, comparison or sign.
    """
    if sent is not None:
        sent = sent.copy()
        if isinstance(refusal, service.ReportConflictError):
            # Who saves again from this page has compared both sides.
            sent["revision"] = str(refusal.current.revision)
        elif saved is not None:
            sent["revision"] = str(saved.revision)
    form = ReportForm(sent, instance=row, initial={"revision": row.revision})
    verdict = verdict_of(request.user, row.study)
    now = GeneratedNow(user=request.user, study=row.study, verdict=verdict)
    chosen = set(sent.getlist("figures")) if sent else {id_of(one) for one in row.figures}
    images = image_choices(user=request.user, report=row, chosen=chosen)
    context = {
        "report": row,
        "study": row.study,
        "patient": row.study.patient,
        "form": form,
        "sections": [form[name] for name in SECTION_NAMES],
        "annotations": figure_choices(user=request.user, report=row, chosen=chosen),
        "key_images": [one for one in images if one.is_key_image],
        "images": [one for one in images if not one.is_key_image],
        "request_form": imaging_request_form(row.study),
        "most_figures": MOST_FIGURES,
        "without_a_choice": WITHOUT_A_CHOICE,
        "refusal": refusal_of(refusal, act=at) if refusal else "",
        "is_unsaved": sent is not None and saved is None,  # what was sent stands on this page alone
        # What somebody else saved meanwhile, to compare with.
        "saved_sections": sections_of(refusal.current)
        if isinstance(refusal, service.ReportConflictError)
        else [],
        "comparison_now": _comparison_now(row, now),
        "templates": templates_of(row.study.clinic_id),
        "viewer": reverse("viewer", args=[row.study_id]),
        **earlier_context(request, row.study),
        **_renewable(row, now),
        **verdict_context(request, row, sent=sent, refusal=refusal),
        "meaning": signing.MEANING_AMENDED if row.supersedes_id else signing.MEANING,
    } | (second_act(sent, refusal) if sent is not None and refusal else {})
    context["refused_at"] = _refused_at(at, refusal, context)
    context["refused_field"] = _refused_field(form, refusal)
    return render(request, "reports/edit.html", context, status=409 if refusal else 200)


def _act_of(sent: QueryDict) -> str:
    """Return which of the buttons that fill the draft in was pressed."""
    if "comparison_now" in sent:
        return "comparison"
    return "renew" if "renew" in sent else "insert"


def _refused_at(act: str, refusal: Exception | None, context: Mapping[str, Any]) -> str:
    """Return beside which button a refusal is said: where it was pressed, else where one signs."""
    buttons = {
        "insert": bool(context["templates"]),
        "renew": bool(context.get("stated_anew") or context.get("stale_lines")),
        "comparison": bool(context["comparison_now"]),
    }
    is_of_the_verdict = isinstance(refusal, VerdictConflictError)  # which stands where one signs
    return act if buttons.get(act) and not is_of_the_verdict else "sign"


def _refused_field(form: ReportForm, refusal: Exception | None) -> str:
    """Return the id of the field that a refusal is about; of a section it is said there."""
    if not form.is_bound or not isinstance(refusal, ValidationError):
        return ""
    found = getattr(refusal, "error_dict", {})
    sections = [name for name in SECTION_NAMES if name in found and not form.errors.get(name)]
    for name in sections:
        form.add_error(name, found[name])
    if sections:
        return form[sections[0]].id_for_label
    return "password" if "password" in found else ""


def _renewable(row: Report, now: GeneratedNow) -> dict[str, Any]:
    """Return which lines of the AI are missing, and which generated ones are not so any more."""
    if not row.is_draft:
        return {}
    return {
        "stated_anew": unmentioned_statements(row, now),
        "stale_lines": [line for lines in stale_lines(row, now).values() for line in lines],
    }


def _comparison_now(row: Report, now: GeneratedNow) -> str:
    """Return what the comparison would begin with now, where the draft does not have it."""
    text = "\n".join(now.comparison)
    return "" if text in row.texts["comparison"] else text


def _saved(request: ClinicalRequest, row: Report) -> Report:
    revision = number_in(request.POST.get("revision", ""))
    return service.save_report(
        user=request.user,
        report=row,
        revision=-1 if revision is None else revision,
        changes=_changes(request.POST),
    )


def _changes(sent: QueryDict) -> dict[str, Any]:
    texts = {name: sent[name] for name in SECTION_NAMES if name in sent}
    if "revision" not in sent:
        return texts
    return texts | {
        "with_overlay": "with_overlay" in sent,
        "figures": sent.getlist("figures"),
    }
