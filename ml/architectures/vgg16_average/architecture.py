"""VGG16 with GlobalAveragePooling2D and one or two dense layers, as models trained elsewhere have.

Its weights are small: the first dense kernel has a row for each channel. An average is a sum over
the 7 x 7 places with one weight for all, so the same network is a VGG16 that flattens, with each
row 49 times and divided by 49. As that one it is run, by the code of `ml.architectures.vgg16`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ml.architectures.contract import ClassMap
from ml.architectures.vgg16.architecture import Vgg16
from ml.architectures.vgg16.network import FULL, HIDDEN, OUTPUT, POOLED_SIZE, Widths, widths_of
from ml.imaging.pixels import Float32Array
from ml.release.int8 import Int8Layer
from ml.release.parts import Evidence
from ml.release.releases import ReleaseUnsupportedError, WrongArchitectureError
from ml.release.weights import expected_shapes, read_arrays, read_npz, write_arrays

if TYPE_CHECKING:
    import keras

    from ml.architectures.keras_files import KerasFile

NAME: Final = "vgg16-average"
_PLACES: Final = POOLED_SIZE**2


class Vgg16Average:
    """See the module; the hidden layer has as many units as its weights say."""

    name: Final = NAME
    input_shape: Final = Vgg16.input_shape
    map_layer: Final = Vgg16.map_layer

    def __init__(self, *, widths: Widths = FULL) -> None:
        """Take the channels of each convolution."""
        self._widths = widths
        self._flattening = Vgg16(widths=widths)

    @property
    def map_channels(self) -> int:
        """See `Architecture.map_channels`."""
        return self._widths.map_channels

    def with_widths(self, widths: tuple[tuple[int, ...], ...]) -> Vgg16Average:
        """See `Architecture.with_widths`; one number for each convolution, block by block."""
        try:
            return Vgg16Average(widths=Widths(widths))
        except ValueError as error:
            raise WrongArchitectureError(f"The widths are not those of a VGG16: {error}") from error

    def widths_of(
        self, weights: Mapping[str, npt.NDArray[np.floating]]
    ) -> tuple[tuple[int, ...], ...] | None:
        """See `Architecture.widths_of`."""
        return self._flattening.widths_of(weights)

    def read_weights(self, path: Path) -> dict[str, Float32Array]:
        """See `Architecture.read_weights`."""
        stored = {name: array.shape for name, array in read_npz(path, what="weights").items()}
        return read_arrays(path, shapes=_shapes(self._widths, stored), what="weights")

    def write_weights(self, path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """See `Architecture.write_weights`; of whatever widths the weights are."""
        found = {name: array.shape for name, array in weights.items()}
        write_arrays(path, weights, shapes=_shapes(widths_of(found), found))

    def read_decoder(self, path: Path) -> dict[str, Float32Array]:
        """See `Architecture.read_decoder`; the decoder sits on the convolutions."""
        return self._flattening.read_decoder(path)

    def read_int8(self, path: Path) -> dict[str, Int8Layer]:
        """Refuse: no release of this network has numbers for 8 bits."""
        raise ReleaseUnsupportedError(
            f"{path} holds numbers for 8 bits, in which {NAME} does not run. Choose another engine."
        )

    def last_layer(self, weights: Mapping[str, Float32Array]) -> tuple[Float32Array, Float32Array]:
        """See `Architecture.last_layer`; shapes (H, 1) and (1,)."""
        return weights[f"{OUTPUT}/kernel"], weights[f"{OUTPUT}/bias"]

    def class_map(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        evidence: Evidence | None,
    ) -> ClassMap:
        """Grad-CAM at block5_conv3 in closed form."""
        return self._flattening.class_map(flattened(weights), decoder=decoder, evidence=evidence)

    def keras_network(self, weights: Mapping[str, Float32Array]) -> keras.Model:
        """See `Architecture.keras_network`."""
        return self._flattening.keras_network(flattened(weights))

    def keras_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        with_shares: bool,
    ) -> keras.Model:
        """See `Architecture.keras_trunk`."""
        return self._flattening.keras_trunk(
            flattened(weights), decoder=decoder, with_shares=with_shares
        )

    def openvino_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        int8: Mapping[str, Int8Layer],
        with_shares: bool,
    ) -> Any:
        """See `Architecture.openvino_trunk`."""
        return self._flattening.openvino_trunk(
            flattened(weights), decoder=decoder, int8=int8, with_shares=with_shares
        )

    def looks_like(self, file: KerasFile) -> bool:
        """See `Architecture.looks_like`."""
        from ml.architectures.vgg16.keras_import import averages

        return averages(file)

    def weights_from_keras(
        self, file: KerasFile, *, positive_class: int
    ) -> dict[str, Float32Array]:
        """See `Architecture.weights_from_keras`."""
        from ml.architectures.vgg16.keras_import import AVERAGE, layers_from_keras

        return layers_from_keras(file, gathers=AVERAGE, positive_class=positive_class)


def flattened(weights: Mapping[str, Float32Array]) -> dict[str, Float32Array]:
    """The same network as a VGG16 that flattens."""
    kernel = weights[f"{HIDDEN}/kernel"]
    return {**weights, f"{HIDDEN}/kernel": np.tile(kernel / np.float32(_PLACES), (_PLACES, 1))}


def _shapes(widths: Widths, stored: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    hidden = stored.get(f"{HIDDEN}/bias", (0,))
    units = int(hidden[0]) if hidden else 0
    kernels = {
        **widths.kernel_shapes(),
        HIDDEN: (widths.map_channels, units),
        OUTPUT: (units, 1),
    }
    return expected_shapes(kernels)
