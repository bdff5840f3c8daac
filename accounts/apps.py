from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and audit"

    def ready(self) -> None:
        from accounts import checks, immutability, receivers  # noqa: F401 (they register themselves)

        pre_migrate.connect(immutability.before_migrating, sender=self)
        post_migrate.connect(immutability.after_migrating, sender=self)
