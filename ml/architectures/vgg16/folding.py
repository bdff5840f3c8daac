"""A described Keras model as the plain layers that NeuroScan runs, where that is exact.

Models trained elsewhere write one network in many ways: an activation as a layer of its own, batch
normalization, pixels scaled inside. Here all of it becomes convolutions and dense layers with a
kernel, a bias and an activation. What would change a number is refused, and said: a shift before a
convolution, say, is not what its zeros at the border were trained with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from ml.imaging.pixels import Float32Array
from ml.release.releases import WrongArchitectureError

Described: TypeAlias = tuple[str, Mapping[str, Any], tuple[Float32Array, ...]]

# Layers that do nothing once training is over.
IDLE: Final = frozenset(
    [
        *("InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
        *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation"),
        *("RandomContrast", "RandomBrightness", "ActivityRegularization"),
    ]
)
_LARGEST_VALUE: Final = 255.0  # of a pixel, where the model scales pixels itself
_POOLING: Final = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
_ACTIVATIONS: Final = {"ReLU": "relu", "Softmax": "softmax"}


@dataclass(kw_only=True)
class PlainLayer:
    """A convolution or a dense layer: kernel, bias, and the activation behind it ("" for none)."""

    kind: str
    name: str
    settings: Mapping[str, Any]
    kernel: Float32Array
    bias: Float32Array
    activation: str = ""


@dataclass(kw_only=True)
class Folded:
    """What a model is once all is folded.

    Attributes:
        steps: convolutions, dense layers, and by name "pool", "flatten" and "average".
        scales_pixels: whether the model itself divided pixels from 0 to 255.
    """

    steps: list[PlainLayer | str] = field(default_factory=list)
    scales_pixels: bool = False


@dataclass
class _Affine:
    """scale * x + shift of each channel, not yet folded into a layer."""

    scale: Float32Array
    shift: Float32Array
    name: str


class _Folding:
    """Walks the layers once; each method takes one kind."""

    def __init__(self) -> None:
        self.found = Folded()
        self._pixels: Float32Array | None = None  # what each channel of the image is multiplied by
        self._affine: _Affine | None = None

    def add(self, kind: str, settings: Mapping[str, Any], arrays: tuple[Float32Array, ...]) -> None:
        """Take the next layer of the description."""
        name = str(settings.get("name") or kind)
        if kind in IDLE:
            return
        match kind:
            case "Rescaling":
                self._rescale(name, settings)
            case "Conv2D" | "Dense":
                self._layer(kind, name, settings, arrays)
            case "BatchNormalization":
                self._normalize(name, settings, arrays)
            case "Activation" | "ReLU" | "Softmax":
                self._activate(kind, name, settings)
            case "MaxPooling2D":
                self._pool(name, settings)
            case "Flatten" | "GlobalAveragePooling2D":
                self._gather(kind)
            case _:
                raise UnknownLayerError(kind, name)

    def _rescale(self, name: str, settings: Mapping[str, Any]) -> None:
        if self.found.steps or self._affine is not None:
            raise UnknownLayerError("Rescaling", name)
        offset = np.asarray(settings.get("offset", 0.0), dtype=np.float32)
        if offset.any():
            raise WrongArchitectureError(
                f"Layer {name!r} scales pixels to a range that does not begin at 0, which is not "
                "exact at the border of an image once it is folded. Train the model on pixels "
                "divided by 255, without an offset."
            )
        factor = np.asarray(settings.get("scale", 1.0), dtype=np.float32)
        before = np.float32(_LARGEST_VALUE) if self._pixels is None else self._pixels
        self._pixels = before * factor
        self.found.scales_pixels = True

    def _layer(
        self,
        kind: str,
        name: str,
        settings: Mapping[str, Any],
        arrays: tuple[Float32Array, ...],
    ) -> None:
        kernel = arrays[0]
        bias = arrays[1] if len(arrays) > 1 else np.zeros(kernel.shape[-1:], dtype=np.float32)
        if kind == "Conv2D" and self._pixels is not None:
            kernel = kernel * self._pixels.reshape(1, 1, -1, 1)
            self._pixels = None
        if self._affine is not None:
            kernel, bias = self._folded_in(kind, kernel, bias)
        activation = activation_of(settings.get("activation"))
        self.found.steps.append(
            PlainLayer(
                kind=kind,
                name=name,
                settings=settings,
                kernel=kernel,
                bias=bias,
                activation=activation,
            )
        )

    def _folded_in(
        self, kind: str, kernel: Float32Array, bias: Float32Array
    ) -> tuple[Float32Array, Float32Array]:
        affine, self._affine = self._affine, None
        assert affine is not None
        if kind == "Conv2D":
            if affine.shift.any():
                raise _inexact(affine.name, "before a convolution")
            return kernel * affine.scale.reshape(1, 1, -1, 1), bias
        repeats = len(kernel) // len(affine.scale)  # flattened: channels are the fastest
        scale, shift = (np.tile(part, repeats) for part in (affine.scale, affine.shift))
        moved = shift.astype(np.float64) @ kernel.astype(np.float64)
        return kernel * scale[:, np.newaxis], (bias + moved).astype(np.float32)

    def _normalize(
        self, name: str, settings: Mapping[str, Any], arrays: tuple[Float32Array, ...]
    ) -> None:
        scale, shift = _of_normalization(settings, arrays)
        last = self.found.steps[-1] if self.found.steps else None
        if last is None:
            raise _inexact(name, "before the first convolution")
        if isinstance(last, PlainLayer) and not last.activation and self._affine is None:
            last.kernel = last.kernel * scale
            last.bias = last.bias * scale + shift
        elif self._affine is None:
            self._affine = _Affine(scale, shift, name)
        else:
            before = self._affine
            self._affine = _Affine(before.scale * scale, before.shift * scale + shift, name)

    def _activate(self, kind: str, name: str, settings: Mapping[str, Any]) -> None:
        activation = _ACTIVATIONS.get(kind) or activation_of(settings.get("activation"))
        plain = {"max_value": None, "negative_slope": 0.0, "threshold": 0.0, "axis": -1}
        for key, value in plain.items():
            if kind != "Activation" and settings.get(key, value) not in (value, [value]):
                raise WrongArchitectureError(
                    f"Layer {name!r} has {key} {settings[key]!r}, which NeuroScan does not have."
                )
        if not activation:
            return
        last = self.found.steps[-1] if self.found.steps else None
        if not isinstance(last, PlainLayer) or self._affine is not None:
            raise UnknownLayerError(kind, name)
        if last.activation and not last.activation == activation == "relu":
            raise WrongArchitectureError(
                f"Layer {name!r} is a second activation ({activation}) behind {last.name!r}."
            )
        last.activation = activation

    def _pool(self, name: str, settings: Mapping[str, Any]) -> None:
        for key, value in _POOLING.items():
            found = settings.get(key)
            found = list(found) if isinstance(found, tuple) else found
            if found not in (None, value):
                raise WrongArchitectureError(
                    f"Layer {name!r} has {key} {found!r} where this network has {value!r}."
                )
        if self._affine is not None and (self._affine.scale <= 0).any():
            raise _inexact(self._affine.name, f"before the pooling {name!r}")
        self.found.steps.append("pool")

    def _gather(self, kind: str) -> None:
        self.found.steps.append("flatten" if kind == "Flatten" else "average")


class UnknownLayerError(WrongArchitectureError):
    """A layer that NeuroScan does not run here."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"The model has the layer {kind} ({name}), which cannot be folded.")
        self.kind = kind
        self.name = name


def fold(layers: Iterable[Described]) -> Folded:
    """Fold the layers of a model: each its class, its settings and its arrays, in their order.

    Raises:
        WrongArchitectureError: what a layer does is not exactly a part of a plain one.
    """
    folding = _Folding()
    for kind, settings, arrays in layers:
        folding.add(kind, settings, arrays)
    if folding._affine is not None:
        raise _inexact(folding._affine.name, "at the end")
    return folding.found


def activation_of(value: Any) -> str:
    """The name of an activation; "" for none. Keras 3 may write it as an object with its name."""
    if isinstance(value, dict):
        value = value.get("config", value.get("class_name"))
    name = "" if value is None else str(value).lower()
    return "" if name == "linear" else name


def _of_normalization(
    settings: Mapping[str, Any], arrays: tuple[Float32Array, ...]
) -> tuple[Float32Array, Float32Array]:
    parts = list(arrays)
    gamma = parts.pop(0) if settings.get("scale", True) else np.float32(1.0)
    beta = parts.pop(0) if settings.get("center", True) else np.float32(0.0)
    if len(parts) != 2:
        raise WrongArchitectureError(
            f"Layer {settings.get('name')!r} has {len(arrays)} arrays, which is no batch "
            "normalization."
        )
    mean, variance = (part.astype(np.float64) for part in parts)
    scale = gamma / np.sqrt(variance + float(settings.get("epsilon", 1e-3)))
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


def _inexact(name: str, where: str) -> WrongArchitectureError:
    return WrongArchitectureError(
        f"The batch normalization {name!r} stands {where}, where folding it into the next layer "
        "would not be exact. NeuroScan runs models that normalize between a layer and its "
        "activation, or after the last pooling."
    )
