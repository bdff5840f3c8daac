"""Find VGG16's weights in a model file that Keras wrote.

Where the file describes its layers, the description is folded into plain ones
(`ml.architectures.vgg16.folding`) and must be this network then. A file of weights alone is taken
for it by the shapes. Arrays are matched by the names of their layers where the file has them, else
by order, always by shape. How many channels each convolution has is the file's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ml.architectures.keras_files import KerasFile, StoredLayer
from ml.architectures.vgg16.folding import Folded, PlainLayer, fold
from ml.architectures.vgg16.network import (
    BLOCKS,
    CHANNELS,
    HIDDEN,
    HIDDEN_UNITS,
    INPUT_SIZE,
    KERNEL_SHAPES,
    OUTPUT,
    POOLED_SIZE,
)
from ml.imaging.pixels import Float32Array
from ml.release.releases import ReleaseMalformedError, WrongArchitectureError

FLATTEN: Final = "flatten"
AVERAGE: Final = "average"
_NAMES: Final = {FLATTEN: "Flatten", AVERAGE: "GlobalAveragePooling2D", "pool": "MaxPooling2D"}
_CONVOLUTIONS: Final = tuple(name for name in KERNEL_SHAPES if name.startswith("block"))
_MODELS: Final = frozenset(("Sequential", "Functional", "Model"))
_WITH_ARRAYS: Final = {4: "Conv2D", 2: "Dense", 1: "BatchNormalization"}  # axes of the first
_CONVOLUTION: Final = {
    "kernel_size": [3, 3],
    "strides": [1, 1],
    "dilation_rate": [1, 1],
    "padding": "same",
    "data_format": "channels_last",
    "groups": 1,
}


def averages(file: KerasFile) -> bool:
    """Whether a model averages its last maps (GlobalAveragePooling) where VGG16 flattens them."""
    if file.config is not None:
        return any(kind == _NAMES[AVERAGE] for kind, _ in _described(file))
    kinds = [_kind(layer) for layer in file.layers]
    if "Conv2D" not in kinds or "Dense" not in kinds:
        return False
    last = [layer for layer in file.layers if _kind(layer) == "Conv2D"][-1].shapes[0][-1]
    read = {layer.shapes[0][0] for layer in file.layers if _kind(layer) == "Dense"}
    return last in read and last * POOLED_SIZE**2 not in read


def layers_from_keras(
    file: KerasFile, *, gathers: str, positive_class: int
) -> dict[str, Float32Array]:
    """The network in a file: `<layer>/kernel` and `<layer>/bias` of each layer, float32.

    Args:
        file: the model file.
        gathers: what stands between convolutions and dense layers, `FLATTEN` or `AVERAGE`.
        positive_class: which class of the model is a tumor: of one output, 1 where it is the
            probability of a tumor and 0 where it is that of none; of two outputs, its place.

    Raises:
        WrongArchitectureError: the file holds another network; the message says what differs.
        ReleaseMalformedError: its description or an array cannot be read.
    """
    described = file.config is not None
    folded = _by_description(file) if described else _by_shape(file, gathers=gathers)
    convolutions, dense = _matched(folded, gathers=gathers)
    weights: dict[str, Float32Array] = {}
    channels = CHANNELS
    for wanted, layer in zip(_CONVOLUTIONS, convolutions, strict=True):
        width = layer.kernel.shape[-1]
        _check(layer, wanted, (3, 3, channels, width))
        _check_settings(layer, {**_CONVOLUTION, "filters": width})
        weights |= {f"{wanted}/kernel": layer.kernel, f"{wanted}/bias": layer.bias}
        channels = width
    output = _one_logit(dense[-1], positive_class)
    layers = _without_hidden(output) if len(dense) == 1 else [dense[0], output]
    units = HIDDEN_UNITS if gathers == FLATTEN else layers[0].kernel.shape[-1]
    inputs = channels * (POOLED_SIZE**2 if gathers == FLATTEN else 1)
    for wanted, layer, kernel in zip(
        (HIDDEN, OUTPUT), layers, ((inputs, units), (units, 1)), strict=True
    ):
        _check(layer, wanted, kernel)
        weights |= {f"{wanted}/kernel": layer.kernel, f"{wanted}/bias": layer.bias}
    return weights


# --- From the description ------------------------------------------------------------------------


def _by_description(file: KerasFile) -> Folded:
    described = _described(file)
    _check_input(described[0][1] if described else {})
    arrays = _arrays_of(file, described)
    return fold(
        (kind, settings, found) for (kind, settings), found in zip(described, arrays, strict=True)
    )


def _described(file: KerasFile) -> list[tuple[str, Mapping[str, Any]]]:
    """Class and settings of each layer."""
    try:
        return [(kind, dict(settings)) for kind, settings in _flat(file.config or {})]
    except (AttributeError, TypeError, ValueError) as error:
        raise ReleaseMalformedError(
            f"The description of the layers in {file.path} cannot be read: {error}."
        ) from error


def _flat(model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The layers of a described model with sub-models opened: class name and settings."""
    settings = model.get("config", {})
    layers = settings.get("layers", []) if isinstance(settings, dict) else settings
    for layer in layers:
        if layer.get("class_name") in _MODELS:
            yield from _flat(layer)
        else:
            yield str(layer.get("class_name")), layer.get("config", {})


def _check_input(settings: Mapping[str, Any]) -> None:
    shape = settings.get("batch_shape", settings.get("batch_input_shape"))
    if shape is not None and list(shape)[1:] != [INPUT_SIZE, INPUT_SIZE, CHANNELS]:
        raise WrongArchitectureError(
            f"The model reads images of the shape {tuple(shape)[1:]}; "
            f"this network reads {(INPUT_SIZE, INPUT_SIZE, CHANNELS)}."
        )


def _arrays_of(
    file: KerasFile, described: Sequence[tuple[str, Mapping[str, Any]]]
) -> list[tuple[Float32Array, ...]]:
    """The arrays of each described layer, () for one without."""
    stored = _in_order(file.layers)
    by_name = {layer.name: layer for layer in stored}
    kinds = set(_WITH_ARRAYS.values())
    names = [settings.get("name") for kind, settings in described if kind in kinds]
    is_named = len(by_name) == len(stored) and set(names) <= set(by_name)
    waiting = {kind: iter([one for one in stored if _kind(one) == kind]) for kind in kinds}
    found: list[tuple[Float32Array, ...]] = []
    for kind, settings in described:
        if kind not in kinds:
            found.append(())
            continue
        name = settings.get("name")
        layer = by_name[str(name)] if is_named else next(waiting[kind], None)
        if layer is None or _kind(layer) != kind:
            raise WrongArchitectureError(
                f"The description has the layer {kind} ({name}), whose arrays are not in the file."
            )
        found.append(tuple(layer.read(index) for index in range(len(layer.datasets))))
    return found


# --- From the shapes alone -----------------------------------------------------------------------


def _by_shape(file: KerasFile, *, gathers: str) -> Folded:
    """The layers of a file of weights, as VGG16 has them with its usual activations."""
    layers = _in_order(file.layers)
    if any(_kind(layer) == "BatchNormalization" for layer in layers):
        raise WrongArchitectureError(
            "The file holds weights alone, with batch normalization among them: where that stands "
            "only the whole model says. Save it with `model.save` and convert that file."
        )
    convolutions = [layer for layer in layers if _kind(layer) == "Conv2D"]
    dense = [layer for layer in layers if _kind(layer) != "Conv2D"]
    _check_counts([layer.name for layer in convolutions], [layer.name for layer in dense], gathers)
    waiting = iter(convolutions)
    steps: list[PlainLayer | str] = []
    for block in BLOCKS:
        steps += [*(_plain(next(waiting), activation="relu") for _ in block), "pool"]
    *hidden, output = dense
    steps += [gathers, *(_plain(layer, activation="relu") for layer in hidden)]
    # Two outputs are a softmax, one a sigmoid: as a logit both are what they are.
    return Folded(steps=[*steps, _plain(output, activation="")])


def _plain(layer: StoredLayer, *, activation: str) -> PlainLayer:
    if len(layer.datasets) != 2:
        shapes = " and ".join(str(shape) for shape in layer.shapes)
        raise WrongArchitectureError(
            f"Layer {layer.name!r} has arrays of the shapes {shapes}, not a kernel and a bias."
        )
    return PlainLayer(
        kind=_kind(layer),
        name=layer.name,
        settings={},
        kernel=layer.read(0),
        bias=layer.read(1),
        activation=activation,
    )


def _kind(layer: StoredLayer) -> str:
    return _WITH_ARRAYS.get(len(layer.shapes[0]) if layer.shapes else 0, "")


def _in_order(layers: Sequence[StoredLayer]) -> list[StoredLayer]:
    """The stored layers in the order of the network.

    A half-frozen sub-model lists its trainable layers first, so names win over order; where the
    convolutions have other names, any such disorder shows in the shapes, block by block.
    """
    convolutions = [layer for layer in layers if _kind(layer) == "Conv2D"]
    others = [layer for layer in layers if _kind(layer) != "Conv2D"]
    if {layer.name for layer in convolutions} == set(_CONVOLUTIONS):
        convolutions.sort(key=lambda layer: layer.name)
    if others and others[0].shapes and others[0].shapes[0] == KERNEL_SHAPES[OUTPUT]:
        others.reverse()
    return [*convolutions, *others]


# --- Whether it is this network ------------------------------------------------------------------


def _matched(folded: Folded, *, gathers: str) -> tuple[list[PlainLayer], list[PlainLayer]]:
    """The convolutions, and the dense layers behind them, of a network of this shape."""
    steps = list(folded.steps)
    convolutions: list[PlainLayer] = []
    for block in BLOCKS:
        convolutions += [_layer(steps, "Conv2D", activations=("relu",)) for _ in block]
        _gathering(steps, "pool")
    _gathering(steps, gathers)
    dense: list[PlainLayer] = []
    if gathers == FLATTEN or len(steps) > 1:
        dense.append(_layer(steps, "Dense", activations=("relu",)))
    dense.append(_layer(steps, "Dense", activations=("sigmoid", "softmax", "")))
    if steps:
        raise WrongArchitectureError(
            f"The model goes on with {_words(steps[0])} after the last layer."
        )
    return convolutions, dense


def _gathering(steps: list[PlainLayer | str], wanted: str) -> None:
    found = _next(steps, _NAMES[wanted])
    if found != wanted:
        raise WrongArchitectureError(
            f"The model has the layer {_words(found)} where this network has {_NAMES[wanted]}."
        )


def _layer(steps: list[PlainLayer | str], kind: str, *, activations: tuple[str, ...]) -> PlainLayer:
    found = _next(steps, kind)
    if isinstance(found, str) or found.kind != kind:
        raise WrongArchitectureError(
            f"The model has the layer {_words(found)} where this network has {kind}."
        )
    if found.activation not in activations:
        raise WrongArchitectureError(
            f"Layer {found.name!r} has activation {found.activation or 'linear'!r} where this "
            f"network has {activations[0]!r}."
        )
    return found


def _next(steps: list[PlainLayer | str], wanted: str) -> PlainLayer | str:
    if not steps:
        raise WrongArchitectureError(f"The model ends where this network has {wanted}.")
    return steps.pop(0)


def _words(step: PlainLayer | str) -> str:
    return _NAMES[step] if isinstance(step, str) else f"{step.kind} ({step.name})"


def _one_logit(layer: PlainLayer, positive_class: int) -> PlainLayer:
    """The output layer as one logit of a tumor: of two outputs the difference, which is exact."""
    units = layer.kernel.shape[-1]
    if units == 1 and layer.activation != "softmax":
        sign = np.float32(1.0 if positive_class == 1 else -1.0)
        return replace(layer, kernel=layer.kernel * sign, bias=layer.bias * sign)
    if units == 2 and layer.activation != "sigmoid":
        ours, other = positive_class, 1 - positive_class
        return replace(
            layer,
            kernel=layer.kernel[:, ours : ours + 1] - layer.kernel[:, other : other + 1],
            bias=layer.bias[ours : ours + 1] - layer.bias[other : other + 1],
        )
    if units == 1:
        raise WrongArchitectureError(
            f"Layer {layer.name!r} has activation 'softmax' with one unit, which is always 1; this "
            "network has 'sigmoid'."
        )
    if units == 2:
        raise WrongArchitectureError(
            f"Layer {layer.name!r} has two units with 'sigmoid', two answers that need not agree; "
            "this network has one unit, or two with 'softmax'."
        )
    raise WrongArchitectureError(
        f"Layer {layer.name!r} has arrays of the shapes {layer.kernel.shape} and "
        f"{layer.bias.shape}: {units} classes. NeuroScan runs models of two: tumor or none."
    )


def _without_hidden(output: PlainLayer) -> list[PlainLayer]:
    """One dense layer as two, exactly: what speaks for a tumor and what against, each 0 and up.

    It reads averages of what a ReLU left, so both sums are 0 and up, and a ReLU leaves them.
    """
    kernel = np.concatenate([output.kernel, -output.kernel], axis=1).clip(min=0)
    signs = np.array([[1.0], [-1.0]], dtype=np.float32)
    return [
        replace(output, kernel=kernel, bias=np.zeros(2, dtype=np.float32)),
        replace(output, kernel=signs),
    ]


def _check_counts(convolutions: list[str], dense: list[str], gathers: str) -> None:
    expected = len(_CONVOLUTIONS)
    if len(convolutions) != expected:
        raise WrongArchitectureError(
            f"The model has {len(convolutions)} convolutions; VGG16 has {expected}."
        )
    if len(dense) not in ((2,) if gathers == FLATTEN else (1, 2)):
        names = ", ".join(dense) or "none"
        raise WrongArchitectureError(
            f"After its convolutions the model has {len(dense)} layers with weights ({names}); "
            "this network has 2, a hidden one and the output."
        )


def _check(layer: PlainLayer, wanted: str, kernel: tuple[int, ...]) -> None:
    if layer.kernel.shape != kernel or layer.bias.shape != kernel[-1:]:
        raise WrongArchitectureError(
            f"Layer {layer.name!r} has arrays of the shapes {layer.kernel.shape} and "
            f"{layer.bias.shape}; {wanted} of this network has {kernel} and {kernel[-1:]}."
        )


def _check_settings(layer: PlainLayer, expected: Mapping[str, Any]) -> None:
    for key, value in expected.items():
        found = layer.settings.get(key, value)
        found = list(found) if isinstance(found, tuple) else found
        if found != value:
            raise WrongArchitectureError(
                f"Layer {layer.name!r} has {key} {found!r} where this network has {value!r}."
            )
