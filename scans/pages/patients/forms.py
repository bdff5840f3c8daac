"""Forms of a patient's data, and their error messages."""

from typing import Any

from django import forms

from accounts.seen_form import SeenForm
from scans.models import Patient
from scans.models.patient import Sex
from scans.pages.core.forms import BootstrapForm, DateInput


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


class PatientEditForm(SeenForm, PatientForm):
    """The same of a patient who is registered: what somebody else changes meanwhile stays."""
