"""Forms of a patient's data, and their error messages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

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


class PatientEditForm(PatientForm):
    """A form that sends the values it showed, so that two people do not undo each other's edits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changes(self) -> dict[str, Any]:
        """The values that differ from those the page showed when it was opened."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    @property
    def seen(self) -> dict[str, Any]:
        """The values that the page showed in the fields that were changed."""
        return {name: self._shown(name) for name in self.changed_data}

    def refuse(self, error: ValidationError, *, now: Patient) -> None:
        """Show why it is not saved: where somebody else was faster, with the value there is now.

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
            value = now.get_sex_display() if name == "sex" else current or "nothing"
            message = (
                f"Somebody else has changed this to “{value}” meanwhile. "
                "Save again to replace it with what you typed."
            )
            reasons[name] = [ValidationError(message)]
        self.data = dict(self.data.items()) | shown_now
        self.add_error(None, ValidationError(reasons))

    def _shown(self, name: str) -> Any:
        shown = self.data.get(self[name].html_initial_name, "")
        try:
            return self.fields[name].to_python(shown)
        except ValidationError:
            return None
