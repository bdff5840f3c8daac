"""The configuration of the application `accounts`."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People, clinics and the audit trail."""

    name = "accounts"
    verbose_name = "People and audit"

    def ready(self) -> None:
        """Connect the receivers, and load the audit events of every application."""
        from accounts import receivers  # noqa: F401 (connects them)

        autodiscover_modules("audit_events")
