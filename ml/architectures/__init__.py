"""The networks that a release can name, each in a folder of its own.

Serving code asks `architecture_of(release)` and knows no layer by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ml.architectures.contract import Architecture, ClassMap
from ml.architectures.vgg16.architecture import Vgg16
from ml.architectures.vgg16_average.architecture import Vgg16Average
from ml.release.releases import Release, ReleaseUnsupportedError

# Name in release.json to architecture.
ARCHITECTURES: Final[Mapping[str, Architecture]] = MappingProxyType(
    {architecture.name: architecture for architecture in (Vgg16(), Vgg16Average())}
)


def architecture_of(release: Release) -> Architecture:
    """The architecture that a release names, at the widths that it says.

    Raises:
        ReleaseUnsupportedError: this version of NeuroScan does not have it.
        WrongArchitectureError: it has no layers for these widths.
    """
    architecture = ARCHITECTURES.get(release.architecture)
    if architecture is None:
        raise ReleaseUnsupportedError(
            f"{release} is a network of the architecture {release.architecture!r}, which this "
            "version of NeuroScan does not have; update NeuroScan or choose another release."
        )
    return architecture if release.widths is None else architecture.with_widths(release.widths)


def class_map_of(release: Release) -> ClassMap:
    """What computes a release's heatmaps; the engine that is opened checks the files it is of.

    Raises:
        ReleaseError: a file of the release is missing or malformed, or `architecture_of` says so.
    """
    architecture = architecture_of(release)
    decoder = None
    if release.evidence is not None and release.regions is not None:
        decoder = architecture.read_decoder(release.path(release.regions.file))
    weights = architecture.read_weights(release.weights_path)
    return architecture.class_map(weights, decoder=decoder, evidence=release.evidence)
