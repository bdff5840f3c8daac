"""Tell people of what happened: rows in the transaction of the event; mail goes out from rows.

Called by the services in which the events happen. Nobody is told of what they did themselves, and
nobody twice of the same while the first notification is unread; two critical findings are never the
same.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import audit, audit_events
from accounts.clinical_write import clinical_write
from accounts.models import Role, User
from accounts.models.outgoing_mail import LINK
from accounts.outbox import has_mail_server, site_address, write_mail
from scans.models import CriticalFinding, Notification, Study
from scans.models.notification import ALWAYS_INSIDE, NotificationKind
from scans.models.reading import ReadStage

IN_APP, MAIL = "app", "mail"
WAYS = (IN_APP, MAIL)
# Who has chosen nothing is told inside the application, and of a critical finding by mail as well.
_DEFAULT = {IN_APP: True, MAIL: False}
_DEFAULTS = {NotificationKind.CRITICAL_FINDING.value: {IN_APP: True, MAIL: True}}


def settings_of(person: User) -> dict[str, dict[str, bool]]:
    """Return for each kind whether this person is told inside the application and by mail."""
    stored = person.notification_settings
    return {
        kind: {
            way: is_fixed(kind, way)
            or bool(stored.get(kind, {}).get(way, _DEFAULTS.get(kind, _DEFAULT)[way]))
            for way in WAYS
        }
        for kind in NotificationKind.values
    }


def is_fixed(kind: str, way: str) -> bool:
    """Return whether everybody is told of this kind in this way, whatever they choose."""
    return way == IN_APP and kind in ALWAYS_INSIDE


@clinical_write()
def choose_notifications(*, user: User, chosen: Mapping[str, Mapping[str, bool]]) -> None:
    """Save how the user is told of what; takes no permission, since it is their own."""
    person = User.objects.select_for_update().get(pk=user.pk)
    settings = {
        kind: {way: is_fixed(kind, way) or bool(chosen.get(kind, {}).get(way)) for way in WAYS}
        for kind in NotificationKind.values
    }
    if settings != person.notification_settings:
        person.notification_settings = settings
        person.save(update_fields=["notification_settings"])
        audit.record(actor=user, event=audit_events.PERSON_NOTIFICATIONS_CHOSEN, row=person)
    user.notification_settings = settings


def notify(
    people: Iterable[User | None],
    kind: NotificationKind,
    study: Study,
    *,
    actor: User | None = None,
    path: str = "",
    mail: bool = True,
    finding: CriticalFinding | None = None,
) -> list[User]:
    """Tell these people, in the caller's transaction. `path` is where a mail leads.

    Returns whom it reaches: a notification inside the application reaches nobody who cannot sign
    in, a mail nobody without an address or a mail server. Who has the same unread is reached.
    """
    told = {
        person.pk: person
        for person in people
        if person is not None
        and person.is_active
        and person.clinic_id == study.clinic_id
        and (actor is None or person.pk != actor.pk)
    }
    same = Notification.objects.filter(kind=kind, study=study, critical_finding=finding)
    waiting = set(same.filter(person__in=told).unread().values_list("person", flat=True))
    reached = []
    for person in told.values():
        ways = settings_of(person)[kind]
        is_mailed = mail and ways[MAIL] and bool(person.email) and has_mail_server()
        if is_mailed or (ways[IN_APP] and person.has_usable_password()):
            reached.append(person)
        if person.pk in waiting or not any(ways.values()):
            continue
        Notification.objects.create(
            clinic_id=study.clinic_id,
            person=person,
            kind=kind,
            study=study,
            critical_finding=finding,
            in_app=ways[IN_APP],
            # What goes out by mail alone is in no list that could be read.
            read_at=None if ways[IN_APP] else timezone.now(),
        )
        if is_mailed:
            subject, text = _mail(kind)
            write_mail(
                person=person,
                subject=subject,
                text=text,
                link=site_address(path or study.get_absolute_url()),
                about=_about(kind, finding),
            )
    return reached


def readers(study: Study) -> Any:
    """Return the active radiologists of the study's clinic."""
    return User.objects.filter(clinic=study.clinic_id, role=Role.RADIOLOGIST, is_active=True)


def mark_read(*, user: User, notification: Notification | None = None) -> int:
    """Mark one of the user's own notifications as read, or all of them; return how many.

    A critical finding stays unread until it is acknowledged (`mark_acknowledged`).
    """
    rows = Notification.objects.of(user).unread().readable()
    if notification is not None:
        rows = rows.filter(pk=notification.pk)
    return int(rows.update(read_at=timezone.now()))


def mark_signed(study: Study, *, user: User) -> None:
    """Mark as read what asked this person for the verdict that they have signed.

    And, of a study that is read or that a third reader decides, what asked everybody for another.
    """
    kinds = [NotificationKind.ASSIGNED, NotificationKind.STAT, NotificationKind.NEW_IMAGES]
    asked = Q(person=user, kind__in=kinds)
    if study.read_stage != ReadStage.WAITING:
        asked |= Q(kind=NotificationKind.DOUBLE_READING)
    Notification.objects.filter(asked, study=study).unread().update(read_at=timezone.now())


def mark_answered(study: Study, *, user: User | None = None) -> None:
    """Mark as read what told this person (None: everybody) of new images of a signed study."""
    rows = Notification.objects.filter(kind=NotificationKind.NEW_IMAGES, study=study)
    if user is not None:
        rows = rows.filter(person=user)
    rows.unread().update(read_at=timezone.now())


def mark_acknowledged(finding: CriticalFinding) -> None:
    """Mark as read what told of this critical finding: somebody has acknowledged it."""
    rows = Notification.objects.filter(
        kind=NotificationKind.CRITICAL_FINDING, critical_finding=finding
    )
    rows.unread().update(read_at=timezone.now())


def _about(kind: NotificationKind, finding: CriticalFinding | None) -> UUID | None:
    """Return what asks whether the mail arrived: a critical finding that was sent."""
    is_sent = finding is not None and kind == NotificationKind.CRITICAL_FINDING
    return finding.pk if finding is not None and is_sent else None


def _mail(kind: NotificationKind) -> tuple[str, str]:
    """Return subject and text of a mail: neither says of whom."""
    chosen = site_address(reverse("notification-settings"))
    return str(kind.label).rstrip(".").lower(), (
        f"{kind.label}\n\nOpen it: {LINK}\n\nWhat you are told of by mail: {chosen}"
    )
