"""The configuration of Django admin as NeuroScan's administration.

Not in `accounts/apps.py`: Django would take it for the configuration of `accounts`.
"""

from django.apps import apps
from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Django admin with `AdministrationSite` as its site."""

    default_site = "accounts.admin_site.AdministrationSite"

    def ready(self) -> None:
        """Rename what a library calls itself, then find the pages as Django does."""
        apps.get_app_config("knox").verbose_name = "API tokens"  # the library says "Knox"
        super().ready()
