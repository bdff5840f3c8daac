from argparse import ArgumentParser
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from scans.services.analyses.inference import ReleaseError
from scans.services.analyses.releases import activate_release, register_keras_release


class Command(BaseCommand):
    help = (
        "Register a Keras .h5 or .keras file of this architecture (VGG16 without top, Flatten, "
        "Dense 256, Dropout, Dense 1) as a model release, to be chosen in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", required=True)
        # Not --release-version: `--version` is Django's own.
        parser.add_argument("--release", required=True, help="its version, for example 1.0.0")
        parser.add_argument(
            "--preprocessing",
            default="resize-rgb-255-1",
            help="how it was trained to see images (default: plain resize, pixels / 255)",
        )
        parser.add_argument("--threshold", type=float, default=0.5)
        parser.add_argument("--provenance", default="", help="where it comes from, in words")
        parser.add_argument("--activate", action="store_true", help="make it the active one")

    def handle(self, *args: object, **options: object) -> None:
        source = options["file"]
        assert isinstance(source, Path)
        try:
            release = register_keras_release(
                source=source,
                name=str(options["name"]),
                version=str(options["release"]),
                preprocessing=str(options["preprocessing"]),
                threshold=float(str(options["threshold"])),
                provenance=str(options["provenance"]) or f"Converted from {source.name}.",
            )
            if options["activate"]:
                activate_release(user=None, release=release)
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        state = "active" if release.is_active else "registered; make it active in the admin"
        self.stdout.write(f"{release}: {state}.")
