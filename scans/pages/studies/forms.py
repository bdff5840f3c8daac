"""The form of an upload, and its error messages."""

import re
import uuid
from typing import Any

from django import forms
from django.utils import timezone

from accounts.seen_form import SeenForm
from scans.models.acquisition import ACQUISITION, LARGEST_SPACING, Plane, Sequence
from scans.models.reading import Priority
from scans.pages.core.forms import BootstrapForm, DateInput
from scans.pages.studies.record_forms import StatedForm


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


class KnownAcquisitionForm(SeenForm, AcquisitionForm):
    """The same of a series that is there; it sends along what it showed.

    So what somebody else states meanwhile, or the files state, is not taken for this person's.
    """


class UploadFactsForm(AcquisitionForm, StatedForm):
    """Everything about an upload but its files."""

    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    patient_search = forms.CharField(
        label="Patient",
        required=False,
        max_length=200,
        help_text="Type the MRN or the name, then choose.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    # Left as it was, the day that the files state goes before it.
    study_date = forms.DateField(
        label="Study date",
        show_hidden_initial=True,
        help_text="Left as it is, the day that DICOM files state is taken.",
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
    priority = forms.ChoiceField(
        required=False,
        choices=Priority.choices,
        initial=Priority.ROUTINE,
        help_text="The radiologists are told of a stat study as it arrives.",
    )
    upload_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    confirm_identity = forms.BooleanField(required=False)
    # Where the file stands in the list of the page, which sends several at a time.
    place = forms.IntegerField(required=False, min_value=0, max_value=999_999)

    @property
    def is_day_left(self) -> bool:
        """Whether nobody has touched the day of the study."""
        return bool(self.data.get(self.add_initial_prefix("study_date"))) and (
            "study_date" not in self.changed_data
        )

    def clean_priority(self) -> str:
        return self.cleaned_data["priority"] or Priority.ROUTINE

    def clean_place(self) -> int:
        return self.cleaned_data["place"] or 0

    def clean_upload_id(self) -> uuid.UUID:
        return self.cleaned_data["upload_id"] or uuid.uuid4()

    def clean_description(self) -> str:
        return re.sub(r"\s+", " ", self.cleaned_data["description"]).strip()
