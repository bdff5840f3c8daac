"""Where the pages of the administration are, and what a superuser may add there."""

from django.contrib import admin
from django.urls import reverse

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
ADDED = {"accounts.User", "accounts.Clinic"}


def page(model: type, kind: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)
