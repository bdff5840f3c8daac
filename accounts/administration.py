"""Not in `accounts/apps.py`: Django would take it for the configuration of `accounts`."""

from django.apps import apps
from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    default_site = "accounts.admin_site.AdministrationSite"

    def ready(self) -> None:
        apps.get_app_config("knox").verbose_name = "API tokens"  # the library says "Knox"
        super().ready()
