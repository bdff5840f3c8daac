"""Who sends to the clinic by DICOM or through its folder. Administrators keep it."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.policy import Action, get_visible_or_404, require
from accounts.posting import posted_from
from accounts.seen_form import SeenForm
from scans.models import ApplicationEntity, WatchedFolder
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.studies.senders import (
    ENTITY_FIELDS,
    FOLDER_FIELDS,
    possible_receivers,
    save_application_entity,
    save_watched_folder,
)


class _ReceiverForm(SeenForm, forms.ModelForm):
    """With the people of one clinic to choose from."""

    received_by = forms.ModelChoiceField(
        label="Received in the name of",
        queryset=User.objects.none(),
        empty_label="Choose a person",
        help_text="What arrives counts as sent by this person, as long as the account is open.",
        error_messages={"required": "Choose in whose name it is received."},
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, clinic_id: UUID | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["received_by"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = possible_receivers(clinic_id)

    def _post_clean(self) -> None:
        """Leave the rest to the service, which knows the row as it is stored."""


class ApplicationEntityForm(_ReceiverForm):
    class Meta:
        model = ApplicationEntity
        fields = ENTITY_FIELDS
        widgets = {
            "title": forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
            "description": forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
            "is_active": forms.CheckboxInput(attrs={"class": "form-check-input"}),
        }
        labels = {"is_active": "May send", "title": "AE title"}
        error_messages = {"title": {"required": "Enter the calling AE title of the sender."}}


class WatchedFolderForm(_ReceiverForm):
    class Meta:
        model = WatchedFolder
        fields = FOLDER_FIELDS
        widgets = {"is_active": forms.CheckboxInput(attrs={"class": "form-check-input"})}
        labels = {"is_active": "Files are taken from it"}


@require_GET
@clinical_page
def senders(request: ClinicalRequest) -> HttpResponse:
    """Show who may send, where to, and the clinic's folder."""
    require(request.user, Action.EDIT_CLINIC_SETTINGS)
    return _page(request, _folder_form(request))


@posted_from("senders")
@clinical_page
def watched_folder_save(request: ClinicalRequest) -> HttpResponse:
    """Switch the clinic's folder on or off, or choose in whose name files are received."""
    require(request.user, Action.EDIT_CLINIC_SETTINGS)
    form = _folder_form(request)
    if form.is_valid():
        try:
            is_new = form.instance._state.adding
            changes, seen = (form.cleaned_data, None) if is_new else (form.changes, form.seen)
            save_watched_folder(user=request.user, changes=changes, seen=seen)
        except ValidationError as error:
            form.refuse(error, now=_folder_of(request))
        else:
            messages.success(request, "The watched folder is saved.")
            return redirect("senders")
    return _page(request, form, status=422)


@require_http_methods(["GET", "POST"])
@clinical_page
def application_entity(request: ClinicalRequest, entity_id: UUID | None = None) -> HttpResponse:
    """Change one, or allow another."""
    row = None
    if entity_id is not None:
        row = get_visible_or_404(ApplicationEntity.objects.all(), request.user, pk=entity_id)
    require(request.user, Action.EDIT_CLINIC_SETTINGS, row)
    clinic_id = row.clinic_id if row else request.user.clinic_id
    form = ApplicationEntityForm(request.POST or None, instance=row, clinic_id=clinic_id)
    if request.method == "POST" and form.is_valid():
        try:
            stored = row and ApplicationEntity.objects.get(pk=row.pk)
            changes, seen = (form.changes, form.seen) if row else (form.cleaned_data, None)
            saved = save_application_entity(
                user=request.user, changes=changes, entity=stored, seen=seen
            )
        except ValidationError as error:
            form.refuse(error, now=row and ApplicationEntity.objects.get(pk=row.pk))
        else:
            may = "may send" if saved.is_active else "may no longer send"
            messages.success(request, f"{saved.title} is saved: it {may}.")
            return redirect("senders")
    status = 422 if form.is_bound and form.errors else 200
    context = {"form": form, "entity": row}
    return render(request, "studies/application_entity.html", context, status=status)


def _page(request: ClinicalRequest, form: WatchedFolderForm, *, status: int = 200) -> HttpResponse:
    rows = ApplicationEntity.objects.visible_to(request.user).select_related("received_by")
    context = {
        "entities": rows.filter(clinic=request.user.clinic_id),
        "form": form,
        "folder": _folder_of(request),
        "dimse_port": settings.DIMSE_PORT,
        "dimse_title": settings.DIMSE_AE_TITLE,
        "dimse_has_tls": bool(settings.DIMSE_TLS_CERTIFICATE),
        "watch_dir": settings.WATCH_DIR is not None,
        "stow_address": request.build_absolute_uri(reverse("dicomweb:studies")),
    }
    return render(request, "studies/senders.html", context, status=status)


def _folder_of(request: ClinicalRequest) -> WatchedFolder | None:
    rows = WatchedFolder.objects.visible_to(request.user)
    return rows.filter(clinic=request.user.clinic_id).first()


def _folder_form(request: ClinicalRequest) -> WatchedFolderForm:
    return WatchedFolderForm(
        request.POST or None, instance=_folder_of(request), clinic_id=request.user.clinic_id
    )
