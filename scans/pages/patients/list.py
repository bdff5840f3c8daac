"""The list of patients, with the radiologist's finding on the newest study of each."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db.models import DateField, Exists, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Patient, Study
from scans.pages.core.addresses import ListAddress
from scans.pages.core.csv_responses import form_values
from scans.pages.core.decorators import clinical_page
from scans.pages.core.filter_bar import FilterBar
from scans.pages.core.keyset import keyset_page
from scans.pages.core.requests import ClinicalRequest
from scans.pages.core.sorting import Sorting, SortOrder
from scans.services.patients.filters import PatientFilterSet
from scans.services.reading.readable_verdicts import finding_rank
from scans.services.reports.study_readings import StudyReading, study_readings

ORDER = ("family_name", "given_name", "id")
_NEWEST_FIRST = ("-study_date", "-received_at", "-id")
_LONG_AGO = Value(date(1, 1, 1), DateField())
_NO_STUDY = 9  # after every finding
PAGE_SIZE = 25


@require_GET
@clinical_page
def patient_list(request: ClinicalRequest) -> HttpResponse:
    """Show the list of patients; for htmx only its rows, as the search is typed."""
    require(request.user, Action.VIEW)
    filterset = filtered_patients(request.user, request.GET)
    sorting = patient_sorting(request.GET)
    page = keyset_page(
        with_shared_mrn(filterset.qs),
        order=sorting.fields,
        token=request.GET.get("page", ""),
        size=PAGE_SIZE,
        computed=sorting.computed,
    )
    audit.record_list(actor=request.user, event=audit_events.PATIENT_LISTED, rows=page.rows)
    filters = filterset.page_values
    address = ListAddress("patients", {**filters, **sorting.parameter})
    rows = patient_rows(request.user, page.rows)
    studies = [row.newest.study for row in rows if row.newest]
    audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
    context = {
        "columns": sorting.columns("patients", filters),
        "order": sorting.parameter.get("order", ""),
        "bar": FilterBar(
            address="patients",
            target="patients",
            label="Find a patient",
            filterset=filterset,
        ),
        "rows": rows,
        "patients": page.rows,
        "filters": filters,
        "csv": form_values(filters | sorting.parameter),
        "previous": address.of_page(page.previous),
        "next": address.of_page(page.next),
    }
    if request.htmx and not request.htmx.history_restore_request:
        response = render(request, "patients/_results.html", context)
        response["HX-Replace-Url"] = address.shown
        return response
    return render(request, "patients/list.html", context)


class PatientRow(NamedTuple):
    """One patient of the list, on the page and in the file."""

    patient: Patient
    newest: StudyReading | None  # of the newest study


def patient_rows(user: User, patients: Sequence[Patient]) -> list[PatientRow]:
    """Return what the list shows of each of these patients, as far as this person may see it."""
    newest = Study.objects.filter(patient=OuterRef("pk")).order_by(*_NEWEST_FIRST).values("pk")[:1]
    asked = Patient.objects.filter(pk__in=[row.pk for row in patients]).order_by()
    ids = asked.annotate(newest=Subquery(newest)).values("newest")
    studies = Study.objects.visible_to(user).filter(pk__in=ids)
    readings = study_readings(user=user, studies=studies).values()
    by_patient = {one.study.patient_id: one for one in readings}
    return [PatientRow(row, by_patient.get(row.pk)) for row in patients]


def filtered_patients(user: User, query: Mapping[str, Any]) -> PatientFilterSet:
    """Return the person's patients, filtered by the query of the page or the CSV file."""
    rows = Patient.objects.visible_to(user)
    return PatientFilterSet.from_page(query, queryset=rows, user=user)


def patient_sorting(query: Mapping[str, Any]) -> Sorting:
    """Return the order asked for."""
    finding = {"_finding": Coalesce(_newest_finding(), _NO_STUDY)}
    last = {"_last": Coalesce(_last_study(), _LONG_AGO)}
    born = {"_born": Coalesce("birth_date", _LONG_AGO)}
    orders = {
        "name": SortOrder("Name", ORDER),
        "finding": SortOrder("Radiologist", ("_finding", *ORDER), finding),
        "mrn": SortOrder("MRN", ("mrn", "id")),
        "born": SortOrder("Born", ("_born", *ORDER), born),
        "sex": SortOrder("Sex", ("sex", *ORDER)),
        "last": SortOrder("Last study", ("-_last", *ORDER), last),
    }
    return Sorting(orders, query.get("order", ""))


def _newest_finding() -> Subquery:
    newest = Study.objects.filter(patient=OuterRef("pk")).order_by(*_NEWEST_FIRST)
    return Subquery(newest.annotate(finding=finding_rank()).values("finding")[:1])


def _last_study() -> Subquery:
    dates = Study.objects.filter(patient=OuterRef("pk")).order_by().values("patient")
    return Subquery(dates.annotate(last=Max("study_date")).values("last"))


def with_shared_mrn(rows: QuerySet[Patient]) -> QuerySet[Patient]:
    """Annotate each patient with whether another one has the MRN."""
    same = Patient.objects.filter(clinic=OuterRef("clinic"), mrn_key=OuterRef("mrn_key"))
    return rows.annotate(shares_mrn=Exists(same.exclude(pk=OuterRef("pk"))))
