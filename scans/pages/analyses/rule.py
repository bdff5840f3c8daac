"""The page on which administrators say which series of their clinic are analyzed."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.policy import Action, NotAllowedError, require
from scans import audit_events
from scans.models import AnalysisRule
from scans.models.analysis_rule import MOST_SLICES_APART, RulePlane, RuleSequence
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.analyses.clinic_rule import FIELDS, rule_of, save_analysis_rule, values_of
from scans.services.analyses.rule_preview import preview

_CHECKS = {"class": "form-check-input"}


class AnalysisRuleForm(forms.Form):
    """The rule, with what the page showed of it when it was opened."""

    sequences = forms.MultipleChoiceField(
        choices=RuleSequence.choices,
        widget=forms.CheckboxSelectMultiple(attrs=_CHECKS),
        error_messages={"required": "Choose at least one sequence."},
    )
    planes = forms.MultipleChoiceField(
        choices=RulePlane.choices,
        widget=forms.CheckboxSelectMultiple(attrs=_CHECKS),
        error_messages={"required": "Choose at least one plane."},
    )
    without_body_part = forms.BooleanField(
        label="Series that name no part of the body count as a head",
        required=False,
        widget=forms.CheckboxInput(attrs=_CHECKS),
    )
    every_nth_slice = forms.IntegerField(
        label="Analyze every n-th slice, n",
        min_value=1,
        max_value=MOST_SLICES_APART,
        help_text=f"1 for each slice, {MOST_SLICES_APART} at most.",
        error_messages={"required": f"Enter a number from 1 to {MOST_SLICES_APART}."},
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def refuse(self, error: ValidationError, *, now: dict[str, Any]) -> None:
        """Show why it is not saved; the rule that there is now counts as seen from here on."""
        for sentence in error.messages:
            self.add_error(None, sentence)
        assert isinstance(self.data, QueryDict)
        data = self.data.copy()
        data["seen"] = json.dumps(now)
        self.data = data

    @property
    def values(self) -> dict[str, Any]:
        """The rule that is asked for."""
        return {name: self.cleaned_data[name] for name in FIELDS}

    @property
    def what_was_seen(self) -> Any:
        """The rule that the page showed; None where a client does not say."""
        try:
            return json.loads(self.cleaned_data["seen"] or "null")
        except (ValueError, RecursionError):
            return None


@require_http_methods(["GET", "POST"])
@clinical_page
def analysis_rule(request: ClinicalRequest) -> HttpResponse:
    """Show the rule with its preview; save it, or show the preview of what was chosen."""
    require(request.user, Action.EDIT_CLINIC_SETTINGS)
    if request.user.clinic_id is None:
        raise NotAllowedError("Your account belongs to no clinic: there is nothing to set here.")
    rule = rule_of(request.user.clinic_id)
    stored = values_of(rule)
    initial = stored | {"seen": json.dumps(stored)}
    form = AnalysisRuleForm(request.POST or None, initial=initial)
    is_valid = form.is_valid()
    if is_valid and "preview" not in request.POST:
        try:
            save_analysis_rule(user=request.user, values=form.values, seen=form.what_was_seen)
        except ValidationError as error:
            form.refuse(error, now=values_of(rule_of(request.user.clinic_id)))
        else:
            messages.success(request, "The rule is saved. It acts on what arrives from now on.")
            return redirect("analysis-rule")
    if is_valid:
        rule = AnalysisRule(clinic_id=request.user.clinic_id, **form.values)
    shown = preview(rule, user=request.user)
    studies = [one.study for one in shown.studies]
    audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
    context = {
        "form": form,
        "preview": shown,
        "is_unsaved": is_valid and form.values != stored,
        "is_wrong": form.is_bound and not is_valid,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "analyses/rule.html", context, status=status)
