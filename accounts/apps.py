from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and audit"

    def ready(self) -> None:
        from accounts import receivers  # noqa: F401 (connects them)

        autodiscover_modules("audit_events")
