"""Make a release of a VGG16 that was trained elsewhere and saved by Keras.

python -m ml.convert brain_tumor_detection_vgg16.h5 --out DIR --name NAME --version 1.0.0 \\
    --provenance "Who trained it, on what."
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ml.architectures.keras_files import KerasFile, StoredLayer, open_keras_file
from ml.architectures.vgg16.network import (
    BLOCKS,
    CHANNELS,
    HIDDEN_UNITS,
    INPUT_SIZE,
    KERNEL_SHAPES,
    OUTPUT,
)
from ml.imaging.pixels import Float32Array
from ml.imaging.preprocessing import RECIPES
from ml.metrics.calibration import Calibration
from ml.release.parts import Card
from ml.release.releases import (
    DESCRIPTION,
    Release,
    ReleaseError,
    ReleaseMalformedError,
    ReleaseUnsupportedError,
    WrongArchitectureError,
    file_sha256,
    write_release,
)
from ml.release.weights import write_weights

WEIGHTS: Final = "weights.npz"
_STANDARD_NAMES: Final = frozenset(name for name in KERNEL_SHAPES if name.startswith("block"))
# Layers that do nothing once training is over.
_IDLE: Final = frozenset(
    [
        *("InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
        *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"),
        *("RandomContrast", "RandomBrightness"),
    ]
)
_MODELS: Final = frozenset(("Sequential", "Functional", "Model"))


def release_from_keras(
    *,
    source: Path,
    target: Path,
    name: str,
    version: str,
    preprocessing: str = "resize-rgb-255-1",
    threshold: float = 0.5,
    provenance: str,
) -> Release:
    """Convert a Keras file of this architecture into a release folder.

    Nothing in the file is executed: arrays are read as numbers and matched by the names of
    keras.applications where the file has them, else by order, always by shape; where the file
    describes its layers, the description must agree too.

    Args:
        source: a `.h5` or `.keras` file, whole or weights only, VGG16 nested or flat.
        target: folder to make; it may exist, but without a release in it.
        name, version: identity of the new release.
        preprocessing: how the model's training images were prepared, a name in
            `ml.imaging.preprocessing.RECIPES`; the file cannot tell.
        threshold: probability from which on the label is "tumor", between 0 and 1.
        provenance: who trained the model, on what; shown on its card.

    Returns:
        The release as written: identity calibration, no scores.

    Raises:
        WrongArchitectureError: the file holds another network; the message says what differs.
        ReleaseError: the file is missing or broken, the preprocessing is unknown, the threshold
            does not lie between 0 and 1, or the target holds a release already.
    """
    if preprocessing not in RECIPES:
        names = ", ".join(RECIPES)
        raise ReleaseUnsupportedError(
            f"There is no preprocessing {preprocessing!r}; choose one of: {names}."
        )
    if not 0.0 < threshold < 1.0:
        raise ReleaseMalformedError(f"The threshold must lie between 0 and 1, not {threshold}.")
    check_target(target)
    with open_keras_file(source) as file:
        if file.config is not None:
            try:
                _check_config(file.config)
            except (AttributeError, TypeError) as error:
                raise ReleaseMalformedError(
                    f"The description of the layers in {source} cannot be read: {error}."
                ) from error
        weights = _weights(file)
    target.mkdir(parents=True, exist_ok=True)
    write_weights(target / WEIGHTS, weights)
    release = Release(
        directory=target,
        name=name,
        version=version,
        weights=WEIGHTS,
        sha256=file_sha256(target / WEIGHTS),
        preprocessing=preprocessing,
        input_size=INPUT_SIZE,
        threshold=threshold,
        calibration=Calibration(),
        gate="contrast-and-color-1",
        provenance=provenance,
        scores=(),
        card=_CARD,
        created=datetime.now(tz=UTC).date(),
    )
    write_release(release)
    return release


_CARD: Final = Card(
    intended_use=(
        "A second reader beside a radiologist, for research. The AI's word is not a diagnosis."
    ),
    training="Trained outside NeuroScan; see the provenance.",
    testing="Not tested by NeuroScan. Measure it before anyone relies on it.",
    limits=(
        "Its probability is not calibrated.",
        "How its training images were prepared is taken on trust from whoever converted it.",
    ),
)


def check_target(target: Path) -> None:
    """Releases are frozen: refuse a folder that already holds one.

    Raises:
        ReleaseError: there is a release in the folder.
    """
    if (target / DESCRIPTION).exists():
        raise ReleaseError(f"{target} already holds a release; choose another folder.")


def _weights(file: KerasFile) -> dict[str, Float32Array]:
    weights: dict[str, Float32Array] = {}
    for wanted, layer in zip(KERNEL_SHAPES, _matched(file.layers), strict=True):
        kernel, bias = KERNEL_SHAPES[wanted], KERNEL_SHAPES[wanted][-1:]
        if layer.shapes != (kernel, bias):
            found = " and ".join(str(shape) for shape in layer.shapes)
            raise WrongArchitectureError(
                f"Layer {layer.name!r} has arrays of the shapes {found}; "
                f"{wanted} of this network has {kernel} and {bias}."
            )
        weights[f"{wanted}/kernel"] = layer.read(0)
        weights[f"{wanted}/bias"] = layer.read(1)
    return weights


def _matched(layers: Sequence[StoredLayer]) -> list[StoredLayer]:
    """The file's layers in the order of KERNEL_SHAPES.

    A half-frozen sub-model lists its trainable layers first, so names win over order; where the
    convolutions have other names, any such disorder shows in the shapes, block by block.
    """
    convolutions = [layer for layer in layers if layer.shapes and len(layer.shapes[0]) == 4]
    dense = [layer for layer in layers if layer not in convolutions]
    expected = sum(len(block) for block in BLOCKS)
    if len(convolutions) != expected:
        raise WrongArchitectureError(
            f"The model has {len(convolutions)} convolutions; VGG16 has {expected}."
        )
    if len(dense) != 2:
        names = ", ".join(layer.name for layer in dense) or "none"
        raise WrongArchitectureError(
            f"After its convolutions the model has {len(dense)} layers with weights ({names}); "
            f"this network has 2, Dense {HIDDEN_UNITS} and Dense 1."
        )
    if {layer.name for layer in convolutions} == _STANDARD_NAMES:
        convolutions.sort(key=lambda layer: layer.name)
    if dense[0].shapes and dense[0].shapes[0] == KERNEL_SHAPES[OUTPUT]:
        dense.reverse()
    return [*convolutions, *dense]


def _check_config(config: Mapping[str, Any]) -> None:
    """Compare the described layers, one by one, with the network's."""
    layers = list(_flat(config))
    _check_input(layers[0][1] if layers else {})
    found = [item for item in layers if item[0] not in _IDLE]
    expected = list(_expected())
    for index, (kind, settings) in enumerate(expected):
        if index == len(found):
            raise WrongArchitectureError(f"The model ends where this network has {kind}.")
        found_kind, found_settings = found[index]
        if found_kind != kind:
            raise WrongArchitectureError(
                f"The model has the layer {found_kind} ({found_settings.get('name')}) where this "
                f"network has {kind}."
            )
        for key, value in settings.items():
            if _plain(found_settings.get(key, value)) != value:
                raise WrongArchitectureError(
                    f"Layer {found_settings.get('name')!r} has {key} "
                    f"{_plain(found_settings[key])!r} where this network has {value!r}."
                )
    if len(found) > len(expected):
        extra = found[len(expected)][0]
        raise WrongArchitectureError(f"The model goes on with {extra} after the last layer.")


def _check_input(settings: Mapping[str, Any]) -> None:
    shape = settings.get("batch_shape", settings.get("batch_input_shape"))
    if shape is not None and list(shape)[1:] != [INPUT_SIZE, INPUT_SIZE, CHANNELS]:
        raise WrongArchitectureError(
            f"The model reads images of the shape {tuple(shape)[1:]}; "
            f"this network reads {(INPUT_SIZE, INPUT_SIZE, CHANNELS)}."
        )


def _flat(model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The layers of a described model with sub-models opened: class name and settings."""
    settings = model.get("config", {})
    layers = settings.get("layers", []) if isinstance(settings, dict) else settings
    for layer in layers:
        if layer.get("class_name") in _MODELS:
            yield from _flat(layer)
        else:
            yield str(layer.get("class_name")), layer.get("config", {})


def _expected() -> Iterator[tuple[str, dict[str, Any]]]:
    convolution = {
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "dilation_rate": [1, 1],
        "padding": "same",
        "activation": "relu",
        "data_format": "channels_last",
    }
    for block in BLOCKS:
        for width in block:
            yield "Conv2D", {"filters": width, **convolution}
        yield "MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    yield "Flatten", {}
    yield "Dense", {"units": HIDDEN_UNITS, "activation": "relu"}
    yield "Dense", {"units": 1, "activation": "sigmoid"}


def _plain(value: Any) -> Any:
    """A setting as it compares: Keras 3 may write an activation as an object with its name."""
    if isinstance(value, dict):
        return value.get("config", value.get("class_name"))
    return list(value) if isinstance(value, tuple) else value


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
