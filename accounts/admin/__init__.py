"""The administration of people, clinics, tokens and the audit trail."""

from accounts.admin.base import (
    ClinicModelAdmin,
    InstallationModelAdmin,
    SeenServiceForm,
    ServiceForm,
)
from accounts.admin.people import ClinicAdmin, PersonAdmin
from accounts.admin.tokens import TokenAdmin
from accounts.admin.trail import AuditChainAdmin, AuditEventAdmin

__all__ = [
    "AuditChainAdmin",
    "AuditEventAdmin",
    "ClinicAdmin",
    "ClinicModelAdmin",
    "InstallationModelAdmin",
    "PersonAdmin",
    "SeenServiceForm",
    "ServiceForm",
    "TokenAdmin",
]
