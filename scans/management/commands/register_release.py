from argparse import ArgumentParser
from pathlib import Path
from typing import cast

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from scans.services.analyses.inference import ReleaseError, ask_for_preprocessing
from scans.services.analyses.releases import activate_release, register_keras_release


class Command(BaseCommand):
    help = (
        "Register a Keras .h5 or .keras file (VGG16 without top, Flatten, Dense 256, Dropout, "
        "Dense 1; or with GlobalAveragePooling2D) as a model release, to be chosen in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", required=True)
        # Not --release-version: `--version` is Django's own.
        parser.add_argument("--release", required=True, help="its version, for example 1.0.0")
        parser.add_argument(
            "--preprocessing",
            help=ask_for_preprocessing(),
        )
        parser.add_argument("--threshold", type=float, default=0.5)
        parser.add_argument(
            "--positive-class",
            type=int,
            choices=(0, 1),
            required=True,
            help="which class of the model is a tumor: of training folders in the order of their "
            "names, brain_tumor and healthy, it is 0; no and yes, it is 1. Of one output, 1 where "
            "it is the probability of a tumor",
        )
        for option, what in (("--known-tumor", "with"), ("--known-no-tumor", "without")):
            parser.add_argument(
                option,
                type=Path,
                nargs="+",
                default=[],
                help=f"images {what} a tumor: a model that is wrong about half of them is refused",
            )
        parser.add_argument("--provenance", default="", help="where it comes from, in words")
        parser.add_argument("--activate", action="store_true", help="make it the active one")

    def handle(self, *args: object, **options: object) -> None:
        if not options["preprocessing"]:
            raise CommandError(ask_for_preprocessing())
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
                positive_class=int(str(options["positive_class"])),
                known_tumor=cast(list[Path], options["known_tumor"]),
                known_no_tumor=cast(list[Path], options["known_no_tumor"]),
            )
            if options["activate"]:
                activate_release(user=None, release=release)
        except ReleaseError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        state = "active" if release.is_active else "registered; make it active in the admin"
        self.stdout.write(f"{release}: {state}.")
