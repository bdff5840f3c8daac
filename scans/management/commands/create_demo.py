from django.core.management.base import BaseCommand

from scans.services.demo import create_demo, demo_password


class Command(BaseCommand):
    help = "Make the demo clinics, people, patients and studies, as far as they are missing."

    def handle(self, *args: object, **options: object) -> None:
        create_demo(password=demo_password())
