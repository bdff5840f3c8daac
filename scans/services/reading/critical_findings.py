"""Critical findings: told to whom they concern, acknowledged by a link, or noted as phoned."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.models.outgoing_mail import LINK
from accounts.outbox import has_mail_server, site_address, write_mail
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import CriticalFinding, Study
from scans.models.critical_finding import Channel
from scans.models.notification import NotificationKind
from scans.models.record_change import identity_of
from scans.services.notifications import mark_acknowledged, notify
from scans.services.patients.records import refuse_archived
from scans.written_text import control_characters_in

LINK_DAYS = 30
_SALT = "scans.critical-finding"
_SHORTEST, _LONGEST = 5, 1000
_FORM_FIELDS = {"recipient_name": "recipient", "reported_at": "at"}
_MAIL = """{reader} of {clinic} reports a critical finding in a study of one of your patients.

Open it, and acknowledge that you have seen it:

{link}

The link works for {days} days. Forward this mail to nobody: the page shows who the patient is."""


@clinical_write(Action.READ_STUDY, on="study")
def send_critical_finding(
    *,
    user: User,
    study: Study,
    text: str,
    recipient: User | None = None,
    address: str = "",
    name: str = "",
    key: UUID | None = None,
) -> CriticalFinding:
    """Send a finding to an account of the clinic, or to an email address with a name.

    The same finding with the same `key` is sent once. Raises `NotAllowedError`, or
    `ValidationError` by field, also where the message would reach nobody.
    """
    refuse_archived(study.patient, then="send the finding")
    text, name, address = _line(text), _line(name), address.strip()
    errors = _text_errors(text)
    if recipient is not None:
        if not recipient.is_active or recipient.clinic_id != study.clinic_id:
            errors["recipient"] = "Choose an active person of this clinic."
        elif recipient.pk == user.pk:
            errors["recipient"] = "Choose somebody else: this is your own account."
        elif address:
            errors["recipient"] = (
                "Send it to a person of the clinic or to an email address, not to both: "
                "clear the address, or choose somebody else, by e-mail."
            )
        name, address = str(recipient), ""
    elif not address:
        choices = ", or enter an email address" if has_mail_server() else ""
        errors["recipient"] = f"Choose a person of the clinic{choices}."
    else:
        errors |= _address_errors(address, name)
    if errors:
        raise ValidationError(errors)
    finding, is_new = _create_once(
        key,
        user,
        study,
        reported_at=timezone.now(),
        channel=Channel.ACCOUNT if recipient else Channel.MAIL,
        text=text,
        recipient=recipient,
        recipient_name=name,
        address=address,
    )
    if not is_new:
        return finding
    if recipient is not None:
        _notify_recipient(recipient, finding)
    else:
        _write_mail(user, finding)
    _record(user, audit_events.CRITICAL_FINDING_SENT, finding, channel=finding.channel)
    return finding


@clinical_write(Action.READ_STUDY, on="study")
def note_phone_call(
    *,
    user: User,
    study: Study,
    text: str,
    spoken_to: str,
    at: datetime | None,
    key: UUID | None = None,
) -> CriticalFinding:
    """Note that a finding was told by phone: to whom and when; nothing is left to acknowledge.

    The same call with the same `key` is noted once.
    Raises `NotAllowedError`, or `ValidationError` by field.
    """
    refuse_archived(study.patient, then="note the call")
    text, spoken_to = _line(text), _line(spoken_to)
    errors = _text_errors(text)
    errors |= _name_errors("spoken_to", spoken_to, otherwise="Say whom you spoke to.")
    now = timezone.now()
    if at is None or at > now + timedelta(minutes=1):
        errors["at"] = "Say when the call was; it cannot be in the future."
    elif at < study.received_at:
        errors["at"] = "The call cannot have been before the study was received."
    if errors or at is None:
        raise ValidationError(errors)
    finding, is_new = _create_once(
        key,
        user,
        study,
        reported_at=at,
        channel=Channel.PHONE,
        text=text,
        recipient_name=spoken_to,
        acknowledged_at=at,
        acknowledged_name=spoken_to,
    )
    if is_new:
        _record(user, audit_events.CRITICAL_FINDING_PHONED, finding, channel=finding.channel)
    return finding


@clinical_write()
def acknowledge(*, user: User | None, finding: CriticalFinding, name: str = "") -> CriticalFinding:
    """Acknowledge a finding by its link, which is the permission.

    Of a `user` who is signed in, the account says who they are, whatever is typed; of anybody else
    the name is kept as typed. A second time changes nothing. Raises `ValidationError` without one.
    """
    if user is None:
        name = _line(name)
        if errors := _name_errors("name", name, otherwise="Enter your name."):
            raise ValidationError(errors)
    else:
        name = str(user)
    current = CriticalFinding.objects.select_for_update().get(pk=finding.pk)
    if current.acknowledged_at is None:
        current.acknowledged_at = timezone.now()
        current.acknowledged_by, current.acknowledged_name = user, name
        current.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_name"])
        _record(user, audit_events.CRITICAL_FINDING_ACKNOWLEDGED, current)
        mark_acknowledged(current)
        notify(
            [current.reported_by],
            NotificationKind.ACKNOWLEDGED,
            current.study,
            actor=user,
            finding=current,
            path=reverse("critical-findings", args=[current.study_id]),
        )
    return current


def acknowledgment_path(finding: CriticalFinding) -> str:
    """Return the path of the page on which the finding is acknowledged, without a sign-in."""
    token = signing.dumps(str(finding.pk), salt=_SALT)
    return reverse("critical-finding", args=[token])


def finding_of(token: str) -> CriticalFinding:
    """Return the finding of a link. Raises `StateConflictError` where the link does not work."""
    try:
        pk = signing.loads(token, salt=_SALT, max_age=timedelta(days=LINK_DAYS))
        rows = CriticalFinding.objects.select_related("study__patient__clinic", "reported_by")
        return rows.get(pk=UUID(pk))
    except (signing.BadSignature, ValueError, CriticalFinding.DoesNotExist) as error:
        raise StateConflictError(
            "This link does not work: it is not whole, or older than "
            f"{LINK_DAYS} days. Ask the reader who sent it."
        ) from error


def _create_once(
    key: UUID | None, user: User, study: Study, **facts: Any
) -> tuple[CriticalFinding, bool]:
    """Make the row, or return the one that the same form made of the same content before.

    Content that was changed on the same form (the browser's Back) is another finding.
    """
    said = [user.pk, study.pk, facts["channel"], facts["text"], facts["recipient_name"]]
    said += [facts.get("address", ""), getattr(facts.get("recipient"), "pk", "")]
    if facts["channel"] == Channel.PHONE:
        said.append(facts["reported_at"].isoformat())
    facts |= {
        "clinic": study.clinic,
        "study": study,
        "reported_by": user,
        "told_patient": identity_of(study.patient),
    }
    _refuse_unfit(CriticalFinding(**facts))
    return CriticalFinding.objects.get_or_create(
        pk=uuid5(key, repr([str(one) for one in said])) if key else uuid4(), defaults=facts
    )


def _refuse_unfit(finding: CriticalFinding) -> None:
    """Raise `ValidationError` by the field of the form for what a column does not hold."""
    try:
        finding.clean_fields()
    except ValidationError as error:
        fields = {_FORM_FIELDS.get(name, name): text for name, text in error.message_dict.items()}
        raise ValidationError(fields) from error


def _notify_recipient(recipient: User, finding: CriticalFinding) -> None:
    kind = NotificationKind.CRITICAL_FINDING
    path = acknowledgment_path(finding)
    if not notify([recipient], kind, finding.study, path=path, finding=finding):
        raise ValidationError(
            {
                "recipient": f"This reaches nobody: {recipient} has not set a password yet and "
                "gets no mail. Choose somebody else, or phone and note the call."
            }
        )


def _text_errors(text: str) -> dict[str, str]:
    if not _SHORTEST <= len(text) <= _LONGEST:
        return {"text": f"Say what was found, in {_SHORTEST} to {_LONGEST} characters."}
    return control_characters_in({"text": text})


def _name_errors(field: str, name: str, *, otherwise: str) -> dict[str, str]:
    if not 2 <= len(name) <= 200:
        return {field: otherwise}
    return control_characters_in({field: name}, called={field: "name"})


def _address_errors(address: str, name: str) -> dict[str, str]:
    errors = {}
    try:
        validate_email(address)
    except ValidationError:
        errors["address"] = "Enter a valid email address."
    if not has_mail_server():
        errors["address"] = (
            "There is no mail server, so nothing reaches an address. Choose a person of the "
            "clinic, or phone and note the call."
        )
    return errors | _name_errors(
        "name", name, otherwise="Enter the name of whom the address belongs to."
    )


def _write_mail(user: User, finding: CriticalFinding) -> None:
    text = _MAIL.format(
        reader=user,
        clinic=finding.clinic.name,
        link=LINK,
        days=LINK_DAYS,
    )
    write_mail(
        address=finding.address,
        subject="a critical finding",
        text=text,
        link=site_address(acknowledgment_path(finding)),
        about=finding.pk,
        clinic=finding.clinic,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _record(
    user: User | None, event: AuditEventType, finding: CriticalFinding, **detail: str
) -> None:
    audit.record(
        actor=user,
        event=event,
        row=finding,
        patient_id=finding.study.patient_id,
        detail={"study": str(finding.study_id), **detail},
    )
