"""The audit trail of a clinic, for its administrators: who did or saw what, newest first."""

from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import audit, audit_events
from accounts.administrators_page import administrators_page
from accounts.audit_registry import declared_kinds, event_named
from accounts.models import AuditEvent, User
from accounts.object_types import label_of
from accounts.policy import Action, require
from accounts.requests import LARGEST, signed_in
from accounts.trail_names import name_events

SHOWN = 50
_OF_NO_CLINIC = {"migration"}  # nobody has done these
_LOOKUPS = {
    "person": "actor",
    "since": "at__date__gte",
    "until": "at__date__lte",
    "patient": "patient_id",
    "before": "pk__lt",
}


class TrailForm(forms.Form):
    """What of the trail is shown. A wrong value is said at its field and filters nothing."""

    kind = forms.ChoiceField(required=False, label="About")
    person = forms.ModelChoiceField(User.objects.none(), required=False, label="Who")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}))
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(
        required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kinds[0], label) for label, kinds in _kinds().items()]
        self.fields["kind"].choices = [("", "Everything"), *kinds]  # type: ignore[attr-defined]
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["person"].empty_label = "Everybody"  # type: ignore[attr-defined]
        for name in ("kind", "person"):
            self.fields[name].widget.attrs["class"] = "form-select"
        for name in ("since", "until"):
            self.fields[name].widget.attrs["class"] = "form-control"

    def asked(self) -> Q:
        """Return what is asked for; empty where it is everything."""
        self.is_valid()
        found = {name: value for name, value in self.cleaned_data.items() if value}
        kind = found.pop("kind", "")
        asked = Q(**{_LOOKUPS[name]: value for name, value in found.items()})
        if kind:
            alike = next(kinds for kinds in _kinds().values() if kind in kinds)
            asked &= reduce(or_, (Q(action__startswith=f"{one}.") for one in alike))
        return asked


def _kinds() -> dict[str, list[str]]:
    """Return what events are about, by what people call it: two kinds may have one name."""
    found: dict[str, list[str]] = {}
    for kind in declared_kinds():
        if kind not in _OF_NO_CLINIC:
            found.setdefault(label_of(kind).replace("_", " ").capitalize(), []).append(kind)
    return dict(sorted(found.items()))


@require_safe
@administrators_page
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Show a page of the trail; that it was read is an event of it."""
    user = signed_in(request)
    require(user, Action.READ_AUDIT_TRAIL)
    rows = AuditEvent.objects.visible_to(user).filter(clinic=user.clinic)
    people = User.objects.visible_to(user).filter(clinic=user.clinic)
    form = TrailForm(request.GET, people=people.order_by("last_name", "first_name", "pk"))
    asked = form.asked()
    found = list(rows.filter(asked).select_related("actor").order_by("-pk")[: SHOWN + 1])
    shown = name_events(found[:SHOWN])
    for event in shown:
        declared = event_named(event.action)
        event.sentence = declared.sentence if declared else event.action  # type: ignore[attr-defined]
    audit.record_list(actor=user, event=audit_events.AUDIT_EVENT_LISTED, rows=shown)
    context = {
        "form": form,
        "events": shown,
        "is_filtered": bool(asked),
        "older": _older(request, shown) if len(found) > SHOWN else "",
    }
    return render(request, "accounts/audit_trail.html", context)


def _older(request: HttpRequest, shown: Any) -> str:
    query = request.GET.copy()
    query["before"] = str(shown[-1].pk)
    return query.urlencode()
