"""Put the record right: correct a study, move it to another patient, merge patients, undo it."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.models import User
from accounts.policy import Action, get_visible_or_404, require
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Patient, RecordChange, Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.pages.studies.record_forms import (
    CorrectionForm,
    MergeForm,
    MoveForm,
    OtherPatientForm,
    ReasonForm,
)
from scans.services.patients.candidates import candidates_of
from scans.services.studies.corrections import correct_study
from scans.services.studies.merging import merge_patients, rows_that_differ
from scans.services.studies.moving import doubts_about, move_study
from scans.services.studies.undoing import undo_change

_MOST_FOUND = 10


@require_http_methods(["GET", "POST"])
@clinical_page
def study_correct(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    study = _study(request, study_id)
    require(request.user, Action.CORRECT_STUDY, study)
    form = CorrectionForm(request.POST or None, initial=CorrectionForm.values_of(study))
    if request.method == "POST" and form.is_valid():
        try:
            correct_study(
                user=request.user,
                study=study,
                changes=form.changes,
                seen=form.seen,
                reason=form.cleaned_data["reason"],
            )
        except (ValidationError, StateConflictError) as error:
            form.refuse(error, now=_study(request, study_id))
        else:
            messages.success(request, "The study is corrected. What it said before is kept.")
            return redirect(study)
    _record_read(request, study)
    context = {"form": form, "study": study, "patient": study.patient}
    return render(request, "studies/record/correct.html", context, status=_status(form))


@require_http_methods(["GET", "POST"])
@clinical_page
def study_move(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Ask for the patient first, then show both and ask why; only the second step moves."""
    study = _study(request, study_id)
    require(request.user, Action.MOVE_STUDY, study)
    chosen = _Chosen(request, study.patient)
    if chosen.is_confirmed and chosen.reason_form.is_valid():
        try:
            move_study(
                user=request.user,
                study=study,
                patient=cast(Patient, chosen.patient),
                reason=chosen.reason_form.cleaned_data["reason"],
            )
        except (ValidationError, StateConflictError) as error:
            chosen.refuse(error)
        else:
            messages.success(request, "The study is moved. It can be undone below.")
            return redirect(study)
    _record_read(request, study)
    doubts = doubts_about(study, chosen.patient) if chosen.patient else []
    context = {"study": study, "patient": study.patient, "chosen": chosen, "doubts": doubts}
    return render(request, "studies/record/move.html", context, status=chosen.status)


@require_http_methods(["GET", "POST"])
@clinical_page
def patient_merge(request: ClinicalRequest, patient_id: UUID) -> HttpResponse:
    """Ask for the other patient first, then show both and ask which one stays, and why."""
    rows = Patient.objects.select_related("clinic", "merged_into")
    person = get_visible_or_404(rows, request.user, pk=patient_id)
    require(request.user, Action.MOVE_STUDY, person)
    chosen = _Chosen(request, person, asks_which=True)
    if chosen.is_confirmed and chosen.reason_form.is_valid():
        other = cast(Patient, chosen.patient)
        stays = other if chosen.reason_form.cleaned_data["stays"] == str(other.pk) else person
        goes = person if stays == other else other
        try:
            merge_patients(
                user=request.user,
                patient=goes,
                into=stays,
                reason=chosen.reason_form.cleaned_data["reason"],
                despite=chosen.reason_form.data.get("despite", ""),
                completes=chosen.reason_form.cleaned_data.get("completes", False),
            )
        except (ValidationError, StateConflictError) as error:
            chosen.refuse(error)
        else:
            messages.success(request, "The patients are merged.")
            return redirect(stays)
    _record_patient(request, person)
    context = {
        "patient": person,
        "chosen": chosen,
        "candidates": candidates_of(user=request.user, patient=person),
        "studies": Study.objects.filter(patient=person).count(),
        "differ": rows_that_differ(person, chosen.patient) if chosen.patient else [],
    }
    return render(request, "studies/record/merge.html", context, status=chosen.status)


@require_POST
@clinical_page
def change_undo(request: ClinicalRequest, change_id: UUID) -> HttpResponse:
    rows = RecordChange.objects.for_display()
    change = get_visible_or_404(rows, request.user, pk=change_id)
    try:
        undone = undo_change(user=request.user, change=change)
    except (ValidationError, StateConflictError) as error:
        messages.error(request, message_of(error))
        return redirect(change.study or change.patient)
    messages.success(request, "It is undone. Both changes stay in the record.")
    if undone.from_patient and request.POST.get("from") == str(undone.from_patient.pk):
        return redirect(undone.from_patient)  # whose page the merge was undone on
    return redirect(undone.study or undone.patient)


class _Chosen:
    """The other patient of a move or merge: by MRN or name, then confirmed with a reason."""

    def __init__(
        self, request: ClinicalRequest, person: Patient, *, asks_which: bool = False
    ) -> None:
        self.request = request
        self.patient: Patient | None = None
        self.found: list[Patient] = []  # where several have the name: one of them is chosen
        is_sent = request.method == "POST"
        self.is_confirmed = is_sent and bool(request.POST.get("target"))
        self.mrn_form = OtherPatientForm(
            request.POST if is_sent and not self.is_confirmed else None
        )
        if self.is_confirmed:
            self.patient = self._visible(request.POST["target"])
        elif is_sent and self.mrn_form.is_valid():
            self._find(person)
        elif not is_sent and request.GET.get("other"):
            self.patient = self._visible(request.GET["other"])
        sent = request.POST if self.is_confirmed else None
        self.reason_form: ReasonForm = MoveForm(sent)
        if asks_which and self.patient:
            self.reason_form = MergeForm(sent, patients=[person, self.patient])
        self.studies = Study.objects.filter(patient=self.patient).count() if self.patient else 0

    @property
    def status(self) -> int:
        forms = (self.mrn_form, self.reason_form)
        return 422 if any(form.is_bound and form.errors for form in forms) else 200

    def refuse(self, error: ValidationError | StateConflictError) -> None:
        named = set(getattr(error, "error_dict", {})) & set(self.reason_form.fields)
        self.reason_form.add_error(named.pop() if named else None, message_of(error))

    def _visible(self, patient_id: str) -> Patient:
        found = get_visible_or_404(
            Patient.objects.select_related("clinic", "merged_into"),
            self.request.user,
            pk=patient_id,
        )
        _record_patient(self.request, found)  # the page names who it is
        return found

    def _find(self, person: Patient) -> None:
        user: User = self.request.user
        rows = Patient.objects.visible_to(user).filter(clinic_id=person.clinic_id)
        others = rows.exclude(pk=person.pk)
        text = self.mrn_form.cleaned_data["mrn"]
        # Whose record was merged away is named by the MRN at most: a name is of the one that stays.
        named = others.filter(merged_into=None).matching(text)
        found = list(others.with_mrn(text)[:1]) or list(named[: _MOST_FOUND + 1])
        if not found:
            self.mrn_form.add_error(
                "mrn", "No other patient has this MRN or name. Look it up in Patients."
            )
        elif len(found) == 1:
            self.patient = self._visible(str(found[0].pk))
        elif len(found) > _MOST_FOUND:
            self.mrn_form.add_error(
                "mrn",
                f"More than {_MOST_FOUND} patients match. Enter more of the name, or the MRN.",
            )
        else:
            self.found = found
            audit.record_list(actor=user, event=audit_events.PATIENT_LISTED, rows=found)


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related("patient__clinic", "patient__merged_into", "clinic")
    return get_visible_or_404(rows, request.user, pk=study_id)


def _record_read(request: ClinicalRequest, row: Study) -> None:
    audit.record(
        actor=request.user, event=audit_events.STUDY_READ, row=row, patient_id=row.patient_id
    )


def _record_patient(request: ClinicalRequest, row: Patient) -> None:
    audit.record(actor=request.user, event=audit_events.PATIENT_READ, row=row, patient_id=row.pk)


def _status(form: Any) -> int:
    return 422 if form.is_bound and form.errors else 200
