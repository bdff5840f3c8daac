"""What people may type, and in which words the pages refuse it. The services check it again."""

import re
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from scans.models import Patient
from scans.models.patient import Sex
from scans.models.study_filters import StudyLabel, StudyState


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


class PatientEditForm(PatientForm):
    """Sends back what it showed, so that two people who edit at once do not undo each other."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changes(self) -> dict[str, Any]:
        """What the person changed, against what the page showed when it was opened."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    @property
    def seen(self) -> dict[str, Any]:
        """What the page showed in the fields that were changed."""
        return {name: self._shown(name) for name in self.changed_data}

    def refuse(self, error: ValidationError, *, now: Patient) -> None:
        """Say why it is not saved: where somebody else was faster, with the value there is now.

        That value counts as seen from here on, so saving again is a decision.
        """
        reasons = error.update_error_dict({})
        changes, seen = self.changes, self.seen
        shown_now: dict[str, str] = {}
        for name in changes:
            current = getattr(now, name)
            if current in (seen[name], changes[name]):
                continue
            shown_now[self[name].html_initial_name] = "" if current is None else str(current)
            words = now.get_sex_display() if name == "sex" else current or "nothing"
            sentence = (
                f"Somebody else has changed this to “{words}” meanwhile. "
                "Save again to replace it with what you typed."
            )
            reasons[name] = [ValidationError(sentence)]
        self.data = dict(self.data.items()) | shown_now
        self.add_error(None, ValidationError(reasons))

    def _shown(self, name: str) -> Any:
        shown = self.data.get(self[name].html_initial_name, "")
        try:
            return self.fields[name].to_python(shown)
        except ValidationError:
            return None


class PatientFilterForm(forms.Form):
    """The filters of the patient list."""

    q = forms.CharField(required=False, max_length=200, strip=True)
    archived = forms.BooleanField(required=False)


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
