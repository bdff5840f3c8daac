from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from scans.services.demo.clinics import (
    DemoConflictError,
    create_demo,
    demo_password,
    draw_demo,
)


class Command(BaseCommand):
    help = "Make the demo clinics, people, patients and studies, as far as they are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--draw-into",
            metavar="FOLDER",
            type=Path,
            help="Only draw the demo's images into this folder, named by what they show.",
        )

    def handle(self, *args: object, draw_into: Path | None = None, **options: object) -> None:
        if draw_into is not None:
            self.stdout.write(f"{len(draw_demo(draw_into))} images are in {draw_into}.")
            return
        try:
            create_demo(password=demo_password())
        except DemoConflictError as error:
            raise CommandError(str(error)) from error
