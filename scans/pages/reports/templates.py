"""The clinic's report templates: everyone sees them, administrators change them."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.policy import Action, get_visible_or_404, has_perm, require
from accounts.seen_form import SeenForm
from scans.models import ReportTemplate
from scans.models.report_sections import TEMPLATE_SECTION_NAMES
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reports.templates import FIELDS, own_templates, save_template


class TemplateForm(SeenForm, forms.ModelForm):
    class Meta:
        model = ReportTemplate
        fields = FIELDS
        widgets = {
            name: forms.Textarea(attrs={"rows": 4, "class": "form-control"})
            for name in TEMPLATE_SECTION_NAMES
        } | {
            "name": forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
            "is_active": forms.CheckboxInput(attrs={"class": "form-check-input"}),
        }
        labels = {"is_active": "Offered to readers"}
        error_messages = {"name": {"required": "Give the template a name."}}


@require_GET
@clinical_page
def report_templates(request: ClinicalRequest) -> HttpResponse:
    require(request.user, Action.VIEW)
    context = {
        "templates": own_templates(clinic_id=request.user.clinic_id),
        "can_edit": has_perm(request.user, Action.EDIT_CLINIC_SETTINGS) and request.user.clinic_id,
    }
    return render(request, "reports/templates.html", context)


@require_http_methods(["GET", "POST"])
@clinical_page
def report_template(request: ClinicalRequest, template_id: UUID | None = None) -> HttpResponse:
    """Change one, or add one."""
    row = None
    if template_id is not None:
        row = get_visible_or_404(ReportTemplate.objects.all(), request.user, pk=template_id)
    if request.method == "GET" and not has_perm(request.user, Action.EDIT_CLINIC_SETTINGS):
        return redirect("report-templates")  # to what they may see of it
    require(request.user, Action.EDIT_CLINIC_SETTINGS, row)
    form = TemplateForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            changes, seen = (form.changes, form.seen) if row else (form.cleaned_data, None)
            save_template(user=request.user, changes=changes, template=row, seen=seen)
        except ValidationError as error:
            form.refuse(error, now=row and ReportTemplate.objects.get(pk=row.pk))
        else:
            messages.success(request, "The template is saved.")
            return redirect("report-templates")
    sections = [form[name] for name in TEMPLATE_SECTION_NAMES]
    context = {"form": form, "sections": sections, "template": row}
    return render(request, "reports/template.html", context)
