"""The forms that put a record right: what is stated of a study, which patient, and why."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format

from accounts.seen_form import SeenForm
from scans.models import Patient, Study
from scans.models.study import STATED
from scans.pages.core.forms import BootstrapForm, DateInput
from scans.services.studies.merging import difference_between, only_stated_by


class StatedForm(BootstrapForm):
    """What may be stated of a study besides its date and description."""

    clinical_question = forms.CharField(
        required=False,
        max_length=2000,
        help_text="What the study is to answer.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    referring_physician = forms.CharField(
        required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    accession_number = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ReasonForm(BootstrapForm):
    """Why the record is changed; `reason_for` keeps it apart from the reason of an examination."""

    reason_for = ""
    reason = forms.CharField(
        max_length=500,
        help_text="It stays in the record, with your name and the time.",
        error_messages={"required": "Say why, in 3 to 500 characters."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = f"Reason for the {self.reason_for}"
        self.order_fields([name for name in self.fields if name != "reason"])  # it comes last


class MoveForm(ReasonForm):
    """Why a study is another patient's."""

    reason_for = "move"


class MergeForm(ReasonForm):
    """Which record of the two stays: chosen, and shown again as it was chosen, never preset.

    Where the two state another name, birth date or sex, that is merged in a second act.
    """

    reason_for = "merge"

    stays = forms.ChoiceField(
        label="Whose record stays?",
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={
            "required": "Choose whose record stays.",
            "invalid_choice": "Choose whose record stays.",
        },
    )

    completes = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )

    def __init__(self, *args: Any, patients: Sequence[Patient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stays"].choices = [  # type: ignore[attr-defined]
            (str(one.pk), f"{one.name}, MRN {one.mrn}") for one in patients
        ]
        one, other = patients
        self.difference = difference_between(one, other)
        if self.difference:
            self.fields["despite"] = forms.BooleanField(
                required=False,
                label=f"They differ in {self.difference}. Merge them all the same.",
                widget=forms.CheckboxInput(
                    attrs={"class": "form-check-input", "value": self.difference}
                ),
            )
            self.order_fields([name for name in self.fields if name != "despite"])
        stated = [*_stated(one, other), *_stated(other, one)]
        if stated:
            self.fields["completes"].label = f"Take over into the record that stays: {stated[0]}"
            if len(stated) > 1:
                self.fields["completes"].label += f"; {'; '.join(stated[1:])}"
        else:
            del self.fields["completes"]

    def clean(self) -> dict[str, Any]:
        """Ask once more; again where something else differs by now than was shown."""
        facts = super().clean() or self.cleaned_data
        if self.difference and self.data.get("despite") != self.difference:
            self.add_error("despite", "Compare the two above, and say that they are one person.")
        return facts


def _stated(one: Patient, other: Patient) -> list[str]:
    """What only the record of `one` states, in words."""
    facts = only_stated_by(one, other)
    words = []
    if "birth_date" in facts:
        words.append(f"born {date_format(facts['birth_date'], 'j M Y')}")
    if "sex" in facts:
        words.append(f"sex {one.get_sex_display().lower()}")
    if "given_name" in facts:
        words.append(f"given name {one.given_name}")
    return [f"{word} (MRN {one.mrn})" for word in words]


class ImagingRequestForm(SeenForm, StatedForm, ReasonForm):
    """Corrects what the request of the study states."""

    reason_for = "correction"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].show_hidden_initial = False  # it is of no row

    @staticmethod
    def values_of(study: Study) -> dict[str, Any]:
        return {name: getattr(study, name) for name in STATED}

    @property
    def changes(self) -> dict[str, Any]:
        """The statements that differ from those the page showed when it was opened."""
        return {name: value for name, value in super().changes.items() if name in STATED}


class CorrectionForm(ImagingRequestForm):
    """Corrects all that is stated of a study."""

    study_date = forms.DateField(
        label="Study date",
        error_messages={
            "required": "Enter the day the images were taken.",
            "invalid": "Enter the study date as year-month-day, like 2025-05-31.",
        },
        widget=DateInput,
    )
    description = forms.CharField(
        required=False, max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ("study_date", "description", "clinical_question")


class OtherPatientForm(BootstrapForm):
    """Names the other patient by the MRN, in any writing of it, or by words of the name."""

    mrn = forms.CharField(
        label="MRN or name of the right patient",
        max_length=200,
        error_messages={"required": "Enter the MRN or the name of the patient."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
