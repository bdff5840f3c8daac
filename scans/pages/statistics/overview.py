"""The clinic's overview, on which its administrators begin."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit
from accounts.models import OutgoingMail
from accounts.outbox import has_mail_server
from scans import audit_events
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.critical_finding_status import undelivered
from scans.services.statistics.turnaround import WORKLOAD_DAYS, clinic_overview

FAILED_DAYS = 7  # for so long the page says that a mail could not be delivered


@require_GET
@clinical_page
def clinic_overview_page(request: ClinicalRequest) -> HttpResponse:
    """Show turnaround, backlog, workload, and what needs somebody."""
    overview = clinic_overview(user=request.user)
    studies = [one.study for one in overview.unacknowledged]
    audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
    mails = OutgoingMail.objects.of_clinic(request.user.clinic_id)
    recently = timezone.now() - timedelta(days=FAILED_DAYS)
    context = {
        "overview": overview,
        "clinic": request.user.clinic,
        "days": WORKLOAD_DAYS,
        "is_mailed": has_mail_server(),
        "late_mails": mails.late().count(),
        "failed_mails": mails.failed().filter(given_up_at__gt=recently).count(),
        "failed_days": FAILED_DAYS,
        "undelivered": undelivered(overview.unacknowledged),
    }
    return render(request, "statistics/overview.html", context)
