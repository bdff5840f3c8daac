"""Where the pages of the administration are, and who may open which."""

from django.contrib import admin
from django.urls import reverse

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
FOR_SUPERUSERS = {"accounts.AuditChain", "scans.Worker", "scans.IdempotentRequest"}
ADDED_BY_SUPERUSERS = {"accounts.User", "accounts.Clinic"}
ADDED_BY_ADMINISTRATORS = {"accounts.User"}


def page(model: type, kind: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)
