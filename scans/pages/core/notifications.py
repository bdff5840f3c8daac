"""Notifications: the list, the number in the bar, and the person's own choice of them."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit
from accounts.models import User
from accounts.outbox import has_mail_server
from scans import audit_events
from scans.models import Notification
from scans.models.notification import NotificationKind
from scans.pages.core.decorators import clinical_page
from scans.pages.core.requests import ClinicalRequest
from scans.services.notifications import (
    WAYS,
    choose_notifications,
    is_fixed,
    mark_read,
    settings_of,
)
from scans.services.reading.critical_findings import acknowledgment_path
from scans.services.reports.drafting import readable_reports
from scans.services.studies.inbox.held_studies import awaiting

SHOWN = 50


@require_GET
@clinical_page
def notifications(request: ClinicalRequest) -> HttpResponse:
    """Show what awaits the person's acknowledgment, then the newest notifications."""
    rows = Notification.objects.of(request.user).awaiting_first()
    shown = list(rows.select_related("study__patient", "study__clinic")[:SHOWN])
    studies = list({row.study_id: row.study for row in shown}.values())
    audit.record_list(actor=request.user, event=audit_events.STUDY_LISTED, rows=studies)
    can_mark = Notification.objects.of(request.user).unread().readable().exists()
    context = {"notifications": shown, "can_mark": can_mark}
    return render(request, "core/notifications.html", context)


@require_GET
@clinical_page
def notification_count(request: ClinicalRequest) -> HttpResponse:
    """Show how many are unread, and how many studies await a patient: asked once a minute."""
    unread = Notification.objects.of(request.user).unread().count()
    context = {"unread": unread, "held": awaiting(request.user)}
    return render(request, "core/_notification_count.html", context)


@require_POST
@clinical_page
def notification_open(request: ClinicalRequest, notification_id: UUID) -> HttpResponse:
    """Mark a notification as read, and go to what it is about."""
    row = Notification.objects.of(request.user).filter(pk=notification_id).first()
    if row is None:
        raise Http404("You have no such notification.")
    mark_read(user=request.user, notification=row)
    return redirect(_address_of(row, user=request.user))


def _address_of(row: Notification, *, user: User) -> str:
    """Where the person does what the notification is about."""
    if row.kind == NotificationKind.CRITICAL_FINDING and row.critical_finding is not None:
        return acknowledgment_path(row.critical_finding)
    if row.kind == NotificationKind.ACKNOWLEDGED:
        return reverse("critical-findings", args=[row.study_id])
    if row.kind in (NotificationKind.REPORT_SIGNED, NotificationKind.REPORT_AMENDED):
        report = readable_reports(user=user).current().filter(study=row.study_id).first()
        if report is not None:
            return report.get_absolute_url()
    return row.study.get_absolute_url()


@require_POST
@clinical_page
def notifications_read(request: ClinicalRequest) -> HttpResponse:
    """Mark all of them as read but for critical findings that await an acknowledgment."""
    mark_read(user=request.user)
    return redirect("notifications")


@require_http_methods(["GET", "POST"])
@clinical_page
def notification_settings(request: ClinicalRequest) -> HttpResponse:
    """Choose of what one is told, inside the application and by mail."""
    if request.method == "POST":
        chosen = {
            kind: {way: f"{kind}.{way}" in request.POST for way in WAYS}
            for kind in NotificationKind.values
        }
        choose_notifications(user=request.user, chosen=chosen)
        messages.success(request, "Your choice is saved.")
        return redirect("notification-settings")
    stored = settings_of(request.user)
    rows = [
        {
            "kind": kind.value,
            "label": kind.label,
            "ways": [
                {"way": way, "is_on": is_on, "is_fixed": is_fixed(kind.value, way)}
                for way, is_on in stored[kind.value].items()
            ],
        }
        for kind in NotificationKind
    ]
    context = {"rows": rows, "is_mailed": has_mail_server(), "email": request.user.email}
    return render(request, "core/notification_settings.html", context)
