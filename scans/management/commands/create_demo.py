from django.core.management.base import BaseCommand, CommandError

from scans.services.demo.clinics import DemoConflictError, create_demo, demo_password


class Command(BaseCommand):
    help = "Make the demo clinics, people, patients and studies, as far as they are missing."

    def handle(self, *args: object, **options: object) -> None:
        try:
            create_demo(password=demo_password())
        except DemoConflictError as error:
            raise CommandError(str(error)) from error
