from django.core.management.base import BaseCommand, CommandError

from scans.services.analyses.inference import ReleaseError
from scans.services.analyses.releases import sync_shipped_release


class Command(BaseCommand):
    help = "Register the release in ml/shipped/, and make it the active one where none is."

    def handle(self, *args: object, **options: object) -> None:
        try:
            release = sync_shipped_release()
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{release}: registered.")
