"""VGG16 as the serving code asks for it (`ml.architectures.contract.Architecture`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ml.architectures.contract import ClassMap
from ml.architectures.vgg16.decoder import decoder_shapes, read_decoder
from ml.architectures.vgg16.gradcam import GradCam
from ml.architectures.vgg16.network import (
    CHANNELS,
    FULL,
    INPUT_SIZE,
    LAST_CONVOLUTION,
    OUTPUT,
    Widths,
    build_network,
    widths_of,
)
from ml.architectures.vgg16.trunk import build_trunk
from ml.architectures.vgg16.weights import read_weights, write_weights
from ml.imaging.pixels import Float32Array
from ml.release.int8 import Int8Layer, read_int8
from ml.release.parts import Evidence
from ml.release.releases import WrongArchitectureError

if TYPE_CHECKING:
    import keras

    from ml.architectures.keras_files import KerasFile

NAME: Final = "vgg16"


class Vgg16:
    """VGG16 with Flatten, Dense 256 and one logit, and a lesion decoder on three of its blocks."""

    name: Final = NAME
    input_shape: Final = (INPUT_SIZE, INPUT_SIZE, CHANNELS)
    map_layer: Final = LAST_CONVOLUTION

    def __init__(self, *, widths: Widths = FULL) -> None:
        """Take the channels of each convolution."""
        self._widths = widths

    @property
    def map_channels(self) -> int:
        """See `Architecture.map_channels`."""
        return self._widths.map_channels

    def with_widths(self, widths: tuple[tuple[int, ...], ...]) -> Vgg16:
        """See `Architecture.with_widths`; one number for each convolution, block by block."""
        try:
            return Vgg16(widths=Widths(widths))
        except ValueError as error:
            raise WrongArchitectureError(f"The widths are not those of a VGG16: {error}") from error

    def widths_of(
        self, weights: Mapping[str, npt.NDArray[np.floating]]
    ) -> tuple[tuple[int, ...], ...] | None:
        """See `Architecture.widths_of`."""
        return widths_of({name: array.shape for name, array in weights.items()}).in_release

    def read_weights(self, path: Path) -> dict[str, Float32Array]:
        """See `Architecture.read_weights`."""
        return read_weights(path, widths=self._widths)

    def write_weights(self, path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """See `Architecture.write_weights`."""
        write_weights(path, weights)

    def read_decoder(self, path: Path) -> dict[str, Float32Array]:
        """See `Architecture.read_decoder`."""
        return read_decoder(path, widths=self._widths)

    def read_int8(self, path: Path) -> dict[str, Int8Layer]:
        """See `Architecture.read_int8`."""
        kernels = {**self._widths.kernel_shapes(), **decoder_shapes(self._widths)}
        return read_int8(path, kernels=kernels)

    def last_layer(self, weights: Mapping[str, Float32Array]) -> tuple[Float32Array, Float32Array]:
        """See `Architecture.last_layer`; shapes (256, 1) and (1,)."""
        return weights[f"{OUTPUT}/kernel"], weights[f"{OUTPUT}/bias"]

    def class_map(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        evidence: Evidence | None,
    ) -> ClassMap:
        """Grad-CAM at block5_conv3 in closed form."""
        return GradCam.from_weights(weights, decoder=decoder, evidence=evidence)

    def keras_network(self, weights: Mapping[str, Float32Array]) -> keras.Model:
        """See `Architecture.keras_network`."""
        return build_network(weights)

    def keras_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        with_shares: bool,
    ) -> keras.Model:
        """See `Architecture.keras_trunk`."""
        return build_trunk(weights, decoder=decoder, with_shares=with_shares)

    def openvino_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        int8: Mapping[str, Int8Layer],
        with_shares: bool,
    ) -> Any:
        """See `Architecture.openvino_trunk`."""
        from ml.architectures.vgg16.openvino_graph import build_graph

        return build_graph(weights=weights, decoder=decoder, int8=int8, with_shares=with_shares)

    def looks_like(self, file: KerasFile) -> bool:
        """See `Architecture.looks_like`."""
        from ml.architectures.vgg16.keras_import import averages

        return not averages(file)

    def weights_from_keras(
        self, file: KerasFile, *, positive_class: int
    ) -> dict[str, Float32Array]:
        """See `Architecture.weights_from_keras`."""
        from ml.architectures.vgg16.keras_import import FLATTEN, layers_from_keras

        return layers_from_keras(file, gathers=FLATTEN, positive_class=positive_class)
