"""Critical findings: the reader's page of a study, and the page of the link in the message."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.models import User
from accounts.outbox import has_mail_server
from accounts.policy import Action, get_visible_or_404, has_object_perm, require
from accounts.posting import posted_from
from accounts.requests import number_in
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Study
from scans.pages.core.decorators import clinical_page
from scans.pages.core.refusals import message_of
from scans.pages.core.requests import ClinicalRequest
from scans.services.disclosure import others_visible
from scans.services.reading.critical_finding_status import readable_critical_findings, statuses_of
from scans.services.reading.critical_findings import (
    acknowledge,
    finding_of,
    note_phone_call,
    send_critical_finding,
)
from scans.services.reading.likely_recipient import likely_recipient


@require_http_methods(["GET"])
@clinical_page
def critical_findings(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Show what was told of this study, with the forms for a message and for a call."""
    return _page(request, _study(request, study_id))


@posted_from("critical-findings")
@clinical_page
def critical_finding_send(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Send a critical finding to a person of the clinic or to an email address."""
    study = _study(request, study_id)
    chosen = request.POST.get("recipient", "")
    people = User.objects.filter(clinic=study.clinic_id, is_active=True)
    try:
        sent = send_critical_finding(
            user=request.user,
            study=study,
            text=request.POST.get("text", ""),
            recipient=people.filter(pk=number_in(chosen)).first(),
            address=request.POST.get("address", ""),
            name=request.POST.get("name", ""),
            key=_key(request),
        )
    except ValidationError as error:
        return _page(request, study, send_errors=_errors(error), status=422)
    messages.success(request, f"The critical finding is on its way to {sent.recipient_name}.")
    return redirect(_viewer(request, study) or reverse("critical-findings", args=[study.pk]))


@posted_from("critical-findings")
@clinical_page
def critical_finding_phone(request: ClinicalRequest, study_id: UUID) -> HttpResponse:
    """Note a phone call: whom, when, and what was said."""
    study = _study(request, study_id)
    try:
        noted = note_phone_call(
            user=request.user,
            study=study,
            text=request.POST.get("text", ""),
            spoken_to=request.POST.get("spoken_to", ""),
            at=_moment(request.POST.get("at", "")),
            key=_key(request),
        )
    except ValidationError as error:
        return _page(request, study, phone_errors=_errors(error), status=422)
    messages.success(request, f"The call to {noted.recipient_name} is noted.")
    return redirect(_viewer(request, study) or reverse("critical-findings", args=[study.pk]))


@login_not_required
@require_http_methods(["GET", "POST"])
def critical_finding(request: HttpRequest, token: str) -> HttpResponse:
    """Show a critical finding to whoever has its link, and take their acknowledgment."""
    try:
        finding = finding_of(token)
    except StateConflictError as error:
        return _private(
            render(request, "reading/critical/link.html", {"refusal": str(error)}, status=404)
        )
    user = request.user if isinstance(request.user, User) else None
    name, problem = request.POST.get("name", finding.recipient_name), ""
    name = str(user) if user else name
    if request.method == "POST":
        try:
            acknowledge(user=user, finding=finding, name=name)
        except ValidationError as error:
            problem = message_of(error)
        else:
            return _private(redirect("critical-finding", token=token))
    audit.record(
        actor=user,
        event=audit_events.CRITICAL_FINDING_READ,
        row=finding,
        patient_id=finding.study.patient_id,
        detail={"study": str(finding.study_id)},
    )
    sees_study = user is not None and has_object_perm(user, Action.VIEW, finding.study)
    (finding_status,) = statuses_of([finding])
    born = finding_status.identity["birth_date"]
    context = {
        "finding": finding,
        "finding_status": finding_status,
        "born": parse_date(born) if born else None,
        "name": name,
        "is_signed_in": user is not None,
        "problem": problem,
        "sees_study": sees_study,
    }
    status = 422 if problem else 200
    return _private(render(request, "reading/critical/link.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    add_never_cache_headers(response)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _page(
    request: ClinicalRequest, study: Study, *, status: int = 200, **errors: dict[str, str]
) -> HttpResponse:
    audit.record(
        actor=request.user,
        event=audit_events.STUDY_READ,
        row=study,
        patient_id=study.patient_id,
    )
    rows = User.objects.filter(clinic=study.clinic_id, is_active=True).exclude(pk=request.user.pk)
    people = list(rows.order_by("last_name", "first_name"))
    likely = likely_recipient(study, people)
    chosen = (
        request.POST.get("recipient", "") if errors else str(likely.person.pk if likely else "")
    )
    context = {
        "study": study,
        "patient": study.patient,
        "statuses": statuses_of(
            readable_critical_findings(user=request.user, study=study).select_related(
                "reported_by", "recipient", "study__patient"
            )
        ),
        "is_blind": not others_visible(user=request.user, study=study),
        "people": people,
        "chosen": chosen,
        "proposed": None if errors else likely,
        "sent": request.POST if errors else {},
        "is_mailed": has_mail_server(),
        "key": request.POST.get("key") or uuid4(),
        "viewer": _viewer(request, study),
        "back_query": f"?{request.GET.urlencode()}" if _viewer(request, study) else "",
        "now": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        **errors,
    }
    return render(request, "reading/critical/study.html", context, status=status)


def _study(request: ClinicalRequest, study_id: UUID) -> Study:
    rows = Study.objects.select_related("patient__clinic", "clinic")
    study = get_visible_or_404(rows, request.user, pk=study_id)
    require(request.user, Action.READ_STUDY, study)
    return study


def _key(request: ClinicalRequest) -> UUID | None:
    """What the form was given when it was shown, so that a second press sends nothing."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None


def _viewer(request: ClinicalRequest, study: Study) -> str:
    """Return the address of the viewer, at its image, for who came from there; else an empty text.

    The address of the page says so: its forms are sent to it with the same words.
    """
    if request.GET.get("back") != "viewer":
        return ""
    address = reverse("viewer", args=[study.pk])
    with suppress(ValueError):
        return f"{address}?image={UUID(request.GET.get('image', ''))}"
    return address


def _moment(text: str) -> datetime | None:
    """Return the time that was entered, in the clinic's time zone."""
    try:
        parsed = parse_datetime(text)
        return timezone.make_aware(parsed) if parsed and timezone.is_naive(parsed) else parsed
    except ValueError:
        return None


def _errors(error: ValidationError) -> dict[str, str]:
    fields = getattr(error, "message_dict", None) or {"text": error.messages}
    return {name: " ".join(texts) for name, texts in fields.items()}
