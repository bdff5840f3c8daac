from django.apps import AppConfig


class ScansConfig(AppConfig):
    name = "scans"
    verbose_name = "Clinical record"

    def ready(self) -> None:
        from scans import checks, immutability, worker  # noqa: F401  (they register themselves)
        from scans.ingest.part_headers import accept_latin_1

        accept_latin_1()
