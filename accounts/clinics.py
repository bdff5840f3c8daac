"""Writes to the clinics of this installation: a superuser's, in Django admin."""

from django.db import transaction

from accounts import audit
from accounts.models import Clinic, User
from accounts.policy import Action, require


@transaction.atomic
def add_clinic(*, user: User, name: str) -> Clinic:
    require(user, Action.MANAGE_CLINICS)
    clinic = Clinic(name=name.strip())
    clinic.full_clean()
    clinic.save(force_insert=True)
    audit.record(actor=user, action="clinic.added", row=clinic)
    return clinic


@transaction.atomic
def rename_clinic(*, user: User, clinic: Clinic, name: str) -> Clinic:
    require(user, Action.MANAGE_CLINICS, clinic)
    clinic.name = name.strip()
    clinic.full_clean()
    clinic.save(update_fields=["name"])
    audit.record(actor=user, action="clinic.renamed", row=clinic)
    return clinic
