"""Make a release of a VGG16 that was trained elsewhere and saved by Keras.

python -m ml.convert brain_tumor_detection_vgg16.h5 --out DIR --name NAME --version 1.0.0 \\
    --provenance "Who trained it, on what."
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.architectures.from_keras import release_from_keras
from ml.imaging.preprocessing import RECIPES
from ml.release.releases import ReleaseError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.convert")
    parser.add_argument("source", type=Path, help=".h5 or .keras file")
    parser.add_argument("--out", type=Path, required=True, help="release folder to make")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--provenance", required=True, help="who trained it, on what")
    parser.add_argument("--preprocessing", default="resize-rgb-255-1", choices=list(RECIPES))
    parser.add_argument("--threshold", type=float, default=0.5)
    options = parser.parse_args(arguments)
    try:
        release = release_from_keras(
            source=options.source,
            target=options.out,
            name=options.name,
            version=options.version,
            preprocessing=options.preprocessing,
            threshold=options.threshold,
            provenance=options.provenance,
        )
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release} is in {release.directory}.\n")
    return 0
