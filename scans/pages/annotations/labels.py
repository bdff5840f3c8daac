"""The clinic's list of labels for annotations: everyone reads it, administrators change it."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.policy import Action, has_perm, require
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.annotations.labels import labels_of, set_labels


class LabelsForm(forms.Form):
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
    names = labels_of(request.user.clinic_id) if request.user.clinic_id else []
    can_edit = has_perm(request.user, Action.EDIT_CLINIC_SETTINGS) and bool(names)
    if request.method == "POST":
        require(request.user, Action.EDIT_CLINIC_SETTINGS)
    form = LabelsForm(request.POST or None, initial={"names": "\n".join(names)})
    if request.method == "POST" and form.is_valid():
        try:
            set_labels(user=request.user, names=form.cleaned_data["names"].splitlines())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "The labels are saved. Existing annotations keep theirs.")
            return redirect("annotation-labels")
    context = {"form": form, "names": names, "can_edit": can_edit}
    return render(request, "annotations/labels.html", context)
