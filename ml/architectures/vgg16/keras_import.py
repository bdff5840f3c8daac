"""Find VGG16's weights in a model file that Keras wrote.

Arrays are matched by the names of keras.applications where the file has them, else by order,
always by shape; where the file describes its layers, the description must agree too. How many
channels each convolution has is the file's to say; its layers must fit one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ml.architectures.keras_files import KerasFile, StoredLayer
from ml.architectures.vgg16.network import (
    BLOCKS,
    CHANNELS,
    HIDDEN_UNITS,
    INPUT_SIZE,
    KERNEL_SHAPES,
    OUTPUT,
    Widths,
    widths_of,
)
from ml.imaging.pixels import Float32Array
from ml.release.releases import ReleaseMalformedError, WrongArchitectureError

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


def weights_from_keras(file: KerasFile) -> dict[str, Float32Array]:
    """VGG16's weights in a file: `<layer>/kernel` and `<layer>/bias` of each layer, float32.

    Raises:
        WrongArchitectureError: the file holds another network; the message says what differs.
        ReleaseMalformedError: its description or an array cannot be read.
    """
    # Twice: a description of other layers says more than their shapes do, and only the arrays tell
    # how many channels it must describe.
    _check_description(file, widths=None)
    layers = _matched(file.layers)
    kernels = zip(KERNEL_SHAPES, layers, strict=True)
    widths = widths_of({f"{wanted}/kernel": layer.shapes[0] for wanted, layer in kernels})
    _check_description(file, widths=widths)
    return _weights(layers, widths=widths)


def _weights(layers: Sequence[StoredLayer], *, widths: Widths) -> dict[str, Float32Array]:
    weights: dict[str, Float32Array] = {}
    for (wanted, kernel), layer in zip(widths.kernel_shapes().items(), layers, strict=True):
        bias = kernel[-1:]
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


def _check_description(file: KerasFile, *, widths: Widths | None) -> None:
    if file.config is None:
        return
    try:
        _check_config(file.config, widths=widths)
    except (AttributeError, TypeError) as error:
        raise ReleaseMalformedError(
            f"The description of the layers in {file.path} cannot be read: {error}."
        ) from error


def _check_config(config: Mapping[str, Any], *, widths: Widths | None) -> None:
    """Compare the described layers, one by one, with the network's."""
    layers = list(_flat(config))
    _check_input(layers[0][1] if layers else {})
    found = [item for item in layers if item[0] not in _IDLE]
    expected = list(_expected(widths))
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


def _expected(widths: Widths | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The layers with their settings; None leaves the numbers of channels open."""
    convolution = {
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "dilation_rate": [1, 1],
        "padding": "same",
        "activation": "relu",
        "data_format": "channels_last",
    }
    for block in BLOCKS if widths is None else widths.blocks:
        for width in block:
            filters = {} if widths is None else {"filters": width}
            yield "Conv2D", {**filters, **convolution}
        yield "MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
    yield "Flatten", {}
    yield "Dense", {"units": HIDDEN_UNITS, "activation": "relu"}
    yield "Dense", {"units": 1, "activation": "sigmoid"}


def _plain(value: Any) -> Any:
    """A setting as it compares: Keras 3 may write an activation as an object with its name."""
    if isinstance(value, dict):
        return value.get("config", value.get("class_name"))
    return list(value) if isinstance(value, tuple) else value
