"""The configuration of the application `accounts`."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People, clinics and the audit trail."""

    name = "accounts"
    verbose_name = "People and audit"

    def ready(self) -> None:
        """Connect the receivers, install triggers, and load the events of every application."""
        from accounts import checks, immutability, receivers  # noqa: F401 (they register themselves)

        pre_migrate.connect(immutability.before_migrating, sender=self)
        post_migrate.connect(immutability.after_migrating, sender=self)
        autodiscover_modules("audit_events")
