"""The page on which administrators set how their clinic reads."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.clinics import READING_SETTINGS, change_reading_settings
from accounts.models import Clinic
from accounts.policy import Action, NotAllowedError, get_visible_or_404, require
from scans.models import ClinicReason
from scans.models.assessment import Reason
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.reasons import add_reason, retire_reason


class ReadingSettingsForm(forms.ModelForm):
    class Meta:
        model = Clinic
        fields = READING_SETTINGS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            box = isinstance(field.widget, forms.CheckboxInput)
            field.widget.attrs["class"] = "form-check-input" if box else "form-control"


@require_http_methods(["GET", "POST"])
@clinical_page
def clinic_settings(request: ClinicalRequest) -> HttpResponse:
    clinic = _clinic(request)
    form = ReadingSettingsForm(request.POST or None, instance=clinic)
    if request.method == "POST" and form.is_valid():
        stored = Clinic.objects.get(pk=clinic.pk)
        try:
            change_reading_settings(user=request.user, clinic=stored, changes=form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, "The settings are saved.")
            return redirect("clinic-settings")
    context = {
        "form": form,
        "clinic": clinic,
        "common": Reason.labels,
        "reasons": ClinicReason.objects.visible_to(request.user).filter(
            clinic=clinic, is_active=True
        ),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "reading/clinic_settings.html", context, status=status)


@require_POST
@clinical_page
def clinic_reason_add(request: ClinicalRequest) -> HttpResponse:
    _clinic(request)
    try:
        added = add_reason(user=request.user, label=request.POST.get("words", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"“{added.label}” is on the list.")
    return redirect("clinic-settings")


@require_POST
@clinical_page
def clinic_reason_retire(request: ClinicalRequest, reason_id: UUID) -> HttpResponse:
    reason = get_visible_or_404(ClinicReason.objects.all(), request.user, pk=reason_id)
    retire_reason(user=request.user, reason=reason)
    messages.success(request, f"“{reason.label}” is off the list.")
    return redirect("clinic-settings")


def _clinic(request: ClinicalRequest) -> Clinic:
    require(request.user, Action.EDIT_CLINIC_SETTINGS)
    if request.user.clinic is None:
        raise NotAllowedError("Your account belongs to no clinic: there is nothing to set here.")
    return request.user.clinic
