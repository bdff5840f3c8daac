"""What people may type about a study, and in which words the pages refuse it."""

import re
import uuid

from django import forms
from django.utils import timezone

from scans.models.study_filters import StudyLabel, StudyState
from scans.pages.core.forms import BootstrapForm, DateInput


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
        (StudyLabel.TUMOR.value, "Tumor detected"),
        (StudyLabel.NO_TUMOR.value, "No tumor detected"),
        (StudyLabel.ABSTAINED.value, "No AI opinion on an image"),
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
