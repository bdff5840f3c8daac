"""Hanging protocols: what stands where when the viewer opens; one's own, and the clinic's."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.policy import Action, get_visible_or_404, has_perm, require
from scans.models import HangingProtocol
from scans.models.acquisition import Plane, Sequence
from scans.models.hanging_protocol import Layout, PlaceOf
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.hanging_places import BUILT_IN, MOST_PLACES
from scans.services.reading.hanging_protocols import (
    MOST,
    delete_hanging_protocol,
    save_hanging_protocol,
)

# A study and a sequence in one choice: "prior:FLAIR"; no sequence after the colon is any.
_PLACES = [
    ("", "Nothing"),
    *(
        (f"{study}:{sequence}", f"{words}: {name}")
        for study, words in PlaceOf.choices
        for sequence, name in [("", "any sequence"), *Sequence.choices]
    ),
]


def _count(label: str, *, initial: int | None, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        initial=initial,
        required=initial is not None,
        min_value=0,
        max_value=MOST,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


def _place(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=_PLACES,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class HangingProtocolForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    layout = forms.ChoiceField(
        label="Layout",
        choices=Layout.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text="Where a study has fewer series or priors, fewer viewports are shown.",
    )
    place_1 = _place("First viewport")
    place_2 = _place("Second viewport")
    place_3 = _place("Third viewport")
    place_4 = _place("Fourth viewport")
    plane = forms.ChoiceField(
        label="Plane of the chosen series",
        choices=[("", "Any"), *Plane.choices],
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    min_series = _count("Series, at least", initial=1)
    max_series = _count("Series, at most", initial=None)
    min_priors = _count("Priors, at least", initial=0)
    max_priors = _count("Priors, at most", initial=None)
    position = _count(
        "Order", initial=1, help_text="Of several that fit a study, the lowest is taken."
    )
    for_clinic = forms.BooleanField(
        label="For the whole clinic",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


@require_http_methods(["GET", "POST"])
@clinical_page
def hanging_protocols(request: ClinicalRequest) -> HttpResponse:
    """See the hanging protocols, and save one."""
    require(request.user, Action.VIEW)
    form = HangingProtocolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, _by_field_of_the_form(error))
        else:
            messages.success(request, f"The hanging protocol “{saved.name}” is saved.")
            return redirect("hanging-protocols")
    rows = list(HangingProtocol.objects.visible_to(request.user).offered_to(request.user))
    context = {
        "form": form,
        "own": [row for row in rows if row.owner_id],
        "clinics": [row for row in rows if not row.owner_id],
        "built_in": BUILT_IN,
        "may_share": has_perm(request.user, Action.SHARE_WORKLIST_VIEW),
    }
    return render(request, "reading/hanging_protocols.html", context)


def _by_field_of_the_form(error: ValidationError) -> ValidationError:
    """What is wrong with the places stands at the first of them."""
    found = error.message_dict
    return ValidationError(
        {("place_1" if name == "places" else name): found[name] for name in found}
    )


def _save(request: ClinicalRequest, values: dict[str, Any]) -> HangingProtocol:
    counts = dict(values)
    plane = counts.pop("plane")
    chosen = [counts.pop(f"place_{n}").partition(":") for n in range(1, MOST_PLACES + 1)]
    places = [
        {"study": study, "sequence": sequence, "plane": plane}
        for study, _, sequence in chosen
        if study
    ]
    is_by_series = counts["layout"] == Layout.BY_SERIES
    return save_hanging_protocol(
        user=request.user,
        name=counts.pop("name"),
        layout=counts.pop("layout"),
        for_clinic=counts.pop("for_clinic"),
        places=places if is_by_series else (),
        counts=counts,
    )


@require_POST
@clinical_page
def hanging_protocol_delete(request: ClinicalRequest, protocol_id: UUID) -> HttpResponse:
    rows = HangingProtocol.objects.visible_to(request.user).offered_to(request.user)
    protocol = get_visible_or_404(rows, request.user, pk=protocol_id)
    name = protocol.name
    delete_hanging_protocol(user=request.user, protocol=protocol)
    messages.success(request, f"The hanging protocol “{name}” is gone.")
    return redirect("hanging-protocols")
