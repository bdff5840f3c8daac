"""The form of an upload, and its error messages."""

import re
import uuid
from typing import Any

from django import forms
from django.utils import timezone

from scans.models.acquisition import ACQUISITION, LARGEST_SPACING, Plane, Sequence
from scans.pages.core.forms import BootstrapForm, DateInput


class AcquisitionForm(BootstrapForm):
    """How a series was acquired; the values that are not known stay empty."""

    plane = forms.ChoiceField(
        label="Plane", required=False, choices=[("", "Not known"), *Plane.choices]
    )
    sequence = forms.ChoiceField(
        label="Sequence", required=False, choices=[("", "Not known"), *Sequence.choices]
    )
    slice_spacing = forms.FloatField(
        label="Spacing of the slices, in mm",
        required=False,
        help_text="From the center of one slice to that of the next.",
        error_messages={"invalid": "Enter the spacing in millimeters as a number, like 5 or 4.5."},
        widget=forms.NumberInput(
            attrs={
                "min": "0",
                "max": f"{LARGEST_SPACING:.0f}",
                "step": "any",
                "autocomplete": "off",
            }
        ),
    )

    @property
    def acquisition(self) -> dict[str, Any]:
        """The values of a valid form."""
        return {name: self.cleaned_data[name] for name in ACQUISITION}


class KnownAcquisitionForm(AcquisitionForm):
    """The same of a series that is there; it sends along what it showed.

    So what somebody else states meanwhile, or the files state, is not taken for this person's.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changes(self) -> dict[str, Any]:
        """The values of a valid form that differ from what it showed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class UploadFactsForm(AcquisitionForm):
    """Everything about an upload but its files."""

    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    patient_search = forms.CharField(
        label="Patient",
        required=False,
        max_length=200,
        help_text="Type the MRN or the name, then choose.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    study_date = forms.DateField(
        label="Study date",
        initial=timezone.localdate,
        error_messages={
            "required": "Enter the day the images were taken.",
            "invalid": "Enter the study date as year-month-day, like 2025-05-31.",
        },
        widget=DateInput,
    )
    description = forms.CharField(
        required=False,
        max_length=200,
        help_text="For example: Brain MRI with contrast, axial T1.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    upload_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_upload_id(self) -> uuid.UUID:
        return self.cleaned_data["upload_id"] or uuid.uuid4()

    def clean_description(self) -> str:
        return re.sub(r"\s+", " ", self.cleaned_data["description"]).strip()
