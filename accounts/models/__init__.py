from accounts.models.audit_event import AuditChain, AuditEvent
from accounts.models.clinic import Clinic
from accounts.models.outgoing_mail import OutgoingMail
from accounts.models.user import Role, User

__all__ = ["AuditChain", "AuditEvent", "Clinic", "OutgoingMail", "Role", "User"]
