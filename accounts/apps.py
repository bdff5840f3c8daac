"""The configuration of the application `accounts`."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People, clinics and the audit trail."""

    name = "accounts"
    verbose_name = "People and audit"

    def ready(self) -> None:
        """Connect the receivers, install triggers, and load the events of every application."""
        from accounts import checks, receivers, undeletable_rows  # noqa: F401 (they register themselves)
        from accounts.immutability import after_migrating
        from accounts.schema_editor import keep_triggers

        connection_created.connect(keep_triggers)
        post_migrate.connect(after_migrating, sender=self)
        autodiscover_modules("audit_events")
