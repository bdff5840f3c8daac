"""The clinic's list of labels for annotations: everyone reads it, administrators change it."""

from types import SimpleNamespace

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, has_perm, require
from accounts.seen_form import SeenForm
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.annotations.labels import labels_of, set_labels


class LabelsForm(SeenForm, forms.Form):
    names = forms.CharField(
        label="Labels, one a line, in the order in which readers see them",
        widget=forms.Textarea(attrs={"rows": 16, "class": "form-control"}),
        max_length=10_000,
        error_messages={"required": "Give at least one label."},
    )


@require_http_methods(["GET", "POST"])
@clinical_page
def annotation_labels(request: ClinicalRequest) -> HttpResponse:
    """See the list, and change it."""
    require(request.user, Action.VIEW)
    clinic_id = request.user.clinic_id
    names = labels_of(clinic_id) if clinic_id else []
    can_edit = has_perm(request.user, Action.EDIT_CLINIC_SETTINGS) and bool(names)
    if request.method == "POST":
        require(request.user, Action.EDIT_CLINIC_SETTINGS)
    form = LabelsForm(request.POST or None, initial={"names": "\n".join(names)})
    if request.method == "POST" and form.is_valid():
        if not form.changes:  # a colleague's list may be another one by now
            messages.info(request, "Nothing was changed on this page, so the list is as it was.")
            return redirect("annotation-labels")
        try:
            shown = form.seen.get("names")
            set_labels(
                user=request.user,
                names=form.cleaned_data["names"].splitlines(),
                seen=None if shown is None else shown.splitlines(),
            )
        except ValidationError as error:
            now = "\n".join(labels_of(clinic_id)) if clinic_id else ""
            form.refuse(error, now=SimpleNamespace(names=now))
        else:
            messages.success(request, "The labels are saved. Existing annotations keep theirs.")
            return redirect("annotation-labels")
    context = {"form": form, "names": names, "can_edit": can_edit}
    return render(request, "annotations/labels.html", context)
