"""The page on which administrators set how their clinic reads."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.clinics import READING_SETTINGS, change_reading_settings
from accounts.models import Clinic
from accounts.policy import Action, NotAllowedError, get_visible_or_404, require
from accounts.seen_form import SeenForm
from accounts.time_zones import zone_names
from scans.models import ClinicReason
from scans.models.assessment import Reason
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.reasons import add_reason, retire_reason


def _zones() -> list[tuple[str, str]]:
    named = [(name, name.replace("_", " ")) for name in zone_names()]
    return [("", f"That of the installation ({settings.TIME_ZONE})"), *named]


class ReadingSettingsForm(SeenForm, forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=_zones,
        help_text=Clinic._meta.get_field("time_zone").help_text,
    )

    class Meta:
        model = Clinic
        fields = READING_SETTINGS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            box = isinstance(field.widget, forms.CheckboxInput)
            select = isinstance(field.widget, forms.Select)
            style = "form-select" if select else "form-control"
            field.widget.attrs["class"] = "form-check-input" if box else style


@require_http_methods(["GET", "POST"])
@clinical_page
def clinic_settings(request: ClinicalRequest) -> HttpResponse:
    clinic = _clinic(request)
    form = ReadingSettingsForm(request.POST or None, instance=clinic)
    if request.method == "POST" and form.is_valid():
        stored = Clinic.objects.get(pk=clinic.pk)
        try:
            change_reading_settings(
                user=request.user, clinic=stored, changes=form.changes, seen=form.seen
            )
        except ValidationError as error:
            form.refuse(error, now=Clinic.objects.get(pk=clinic.pk))
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
        messages.error(request, message_of(error))
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
