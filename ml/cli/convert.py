"""Make a release of a VGG16 that was trained elsewhere and saved by Keras.

python -m ml.convert brain_tumor_detection_vgg16.h5 --out DIR --name NAME --version 1.0.0 \\
    --provenance "Who trained it, on what." --positive-class 1 --preprocessing resize-rgb-255-1 \\
    --known-tumor yes1.jpg yes2.jpg --known-no-tumor no1.jpg no2.jpg
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.architectures.from_keras import release_from_keras
from ml.engines.known_images import KnownImages, check_known_images
from ml.imaging.preprocessing import RECIPES, ask_for_preprocessing
from ml.release.releases import DESCRIPTION, Release, ReleaseError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.convert")
    parser.add_argument("source", type=Path, help=".h5 or .keras file")
    parser.add_argument("--out", type=Path, required=True, help="release folder to make")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--provenance", required=True, help="who trained it, on what")
    parser.add_argument("--preprocessing", choices=list(RECIPES), help=ask_for_preprocessing())
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument(
        "--positive-class",
        type=int,
        choices=(0, 1),
        required=True,
        help="which class of the model is a tumor: of folders in the order of their names, brain "
        "tumor and healthy, it is 0; no and yes, it is 1. Of one output, 1 where it is the "
        "probability of a tumor",
    )
    for option, what in (("--known-tumor", "with"), ("--known-no-tumor", "without")):
        parser.add_argument(
            option,
            type=Path,
            nargs="+",
            default=(),
            help=f"images {what} a tumor: where the model is wrong about half of them, nothing is "
            "kept",
        )
    options = parser.parse_args(arguments)
    if options.preprocessing is None:
        parser.error(ask_for_preprocessing())
    known = KnownImages(tumor=options.known_tumor, no_tumor=options.known_no_tumor)
    was_there = options.out.exists()
    release = None
    try:
        release = release_from_keras(
            source=options.source,
            target=options.out,
            name=options.name,
            version=options.version,
            preprocessing=options.preprocessing,
            threshold=options.threshold,
            provenance=options.provenance,
            positive_class=options.positive_class,
        )
        checked = f" {check_known_images(release, known)}" if known else ""
    except ReleaseError as error:
        if release is not None:
            _take_back(release, folder_was_there=was_there)
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release} is in {release.directory}.{checked}\n")
    return 0


def _take_back(release: Release, *, folder_was_there: bool) -> None:
    release.weights_path.unlink()
    (release.directory / DESCRIPTION).unlink()
    if not folder_was_there:
        release.directory.rmdir()
