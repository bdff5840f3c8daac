"""What people may type, and in which words the pages refuse it. The services check it again."""

import re
import uuid
from typing import Any

from django import forms
from django.utils import timezone

from scans.models import Patient
from scans.models.patient import Sex
from scans.pages.summaries import StudyState


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class BootstrapForm(forms.Form):
    """Fields that look and speak like the rest of the pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs.setdefault("class", "form-select" if select else "form-control")


class PatientForm(BootstrapForm):
    mrn = forms.CharField(
        label="MRN",
        max_length=64,
        help_text="Medical record number, unique in your clinic.",
        error_messages={"required": "Enter the patient's MRN."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    family_name = forms.CharField(
        max_length=100,
        error_messages={"required": "Enter the patient's family name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    given_name = forms.CharField(
        max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    birth_date = forms.DateField(
        required=False,
        help_text="Leave it empty where it is not known.",
        error_messages={"invalid": "Enter the birth date as year-month-day, like 1980-05-31."},
        widget=DateInput(attrs={"autocomplete": "off"}),
    )
    sex = forms.ChoiceField(choices=Sex.choices, initial=Sex.UNKNOWN)

    @staticmethod
    def values_of(patient: Patient) -> dict[str, Any]:
        return {name: getattr(patient, name) for name in PatientForm.base_fields}


class StudyFilterForm(forms.Form):
    """The filters of the study list. They live in the address, so a wrong one is just ignored."""

    STATES = [
        ("", "Any state"),
        (StudyState.IN_WORK.value, "In work"),
        (StudyState.COMPLETED.value, "Analyzed"),
        (StudyState.FAILED.value, "Failed"),
        (StudyState.CANCELLED.value, "Cancelled"),
        (StudyState.NOT_ANALYZED.value, "Not analyzed"),
    ]
    OPINIONS = [
        ("", "Any AI result"),
        ("tumor", "Tumor detected"),
        ("no_tumor", "No tumor detected"),
        ("abstained", "No AI opinion"),
    ]
    q = forms.CharField(required=False, max_length=200, strip=True)
    state = forms.ChoiceField(required=False, choices=STATES)
    ai = forms.ChoiceField(required=False, choices=OPINIONS)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


class UploadFactsForm(BootstrapForm):
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
