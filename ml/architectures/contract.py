"""What the serving code asks of a network, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.imaging.pixels import Float32Array
from ml.release.int8 import Int8Layer
from ml.release.parts import Evidence

if TYPE_CHECKING:
    import keras

    from ml.architectures.keras_files import KerasFile


class ClassMap(Protocol):
    """Where a network looked, computed from what one forward pass yields."""

    def __call__(
        self, *, maps: Float32Array, hidden: Float32Array, shares: Float32Array | None = None
    ) -> Float32Array:
        """The map of the tumor logit.

        Args:
            maps: as in `ml.engines.EngineOutput`, shape (N, h, w, K).
            hidden: as in `ml.engines.EngineOutput`, shape (N, H).
            shares: as in `ml.engines.EngineOutput`; None where the release has no evidence.

        Returns:
            float32, shape (N, h, w), 0 and up, not normalized.
        """
        ...


class Architecture(Protocol):
    """All that knows one network: its arrays, its graph in each framework, its class map.

    A new one is a folder beside `vgg16` with a class of this shape, named in
    `ml.architectures.ARCHITECTURES`. Frameworks are imported in the methods that need them.
    """

    @property
    def name(self) -> str:
        """The name in release.json."""
        ...

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what it reads; values lie in 0 to 1."""
        ...

    @property
    def map_channels(self) -> int:
        """How many maps `ml.engines.EngineOutput.maps` holds for an image."""
        ...

    @property
    def map_layer(self) -> str:
        """The layer of `keras_network` that yields these maps."""
        ...

    def with_widths(self, widths: tuple[tuple[int, ...], ...]) -> Architecture:
        """The same network with other numbers of channels, as `Release.widths` says them.

        Raises:
            WrongArchitectureError: this network has no layers for these numbers.
        """
        ...

    def widths_of(
        self, weights: Mapping[str, npt.NDArray[np.floating]]
    ) -> tuple[tuple[int, ...], ...] | None:
        """The widths of weights, as `Release.widths` says them: None for the network's own.

        Raises:
            WrongArchitectureError: they are of another network.
        """
        ...

    def read_weights(self, path: Path) -> dict[str, Float32Array]:
        """Read a weights file: array name to array.

        Raises:
            ReleaseMissingError: there is no such file.
            ReleaseMalformedError: it is not an .npz of plain numbers, or a number is not finite.
            WrongArchitectureError: an array is missing, is too many, or has another shape.
        """
        ...

    def write_weights(self, path: Path, weights: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Write a weights file in float16; the same weights always give the same bytes.

        Raises:
            WrongArchitectureError: an array is missing, is too many, or has another shape.
            ReleaseMalformedError: a number is not finite or too large for float16 (65,504).
        """
        ...

    def read_decoder(self, path: Path) -> dict[str, Float32Array]:
        """Read the file of the lesion decoder, with the errors of `read_weights`."""
        ...

    def read_int8(self, path: Path) -> dict[str, Int8Layer]:
        """Read the 8-bit numbers, layer name to numbers, with the errors of `read_weights`."""
        ...

    def last_layer(self, weights: Mapping[str, Float32Array]) -> tuple[Float32Array, Float32Array]:
        """Kernel (H, 1) and bias (1,) that turn hidden activations into the tumor logit.

        Where the classifier reads the lesion decoder, this is one part of the logit, and
        `ml.engines.evidence` has the other. The graphs below leave this layer to the engine: a few
        hundred products, of which it wants the sum in float32 and without a sigmoid.
        """
        ...

    def class_map(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        evidence: Evidence | None,
    ) -> ClassMap:
        """What computes heatmaps from an engine's output.

        Args:
            weights, decoder: as for `keras_trunk`.
            evidence: how the classifier reads the decoder; None where it does not.
        """
        ...

    def keras_network(self, weights: Mapping[str, Float32Array]) -> keras.Model:
        """The whole network in Keras, from (N, *input_shape) to (N, 1) probabilities."""
        ...

    def keras_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        with_shares: bool,
    ) -> keras.Model:
        """The network in Keras up to `last_layer`.

        Args:
            weights: as `read_weights` gives them.
            decoder: as `read_decoder` gives it; None for a network without it.
            with_shares: also yield what the class map needs where the classifier reads the
                decoder; there is a decoder then.

        Returns:
            A model from (N, *input_shape) to maps, hidden activations, with a decoder lesion
            logits, and with shares those, as `ml.engines.EngineOutput` has them.
        """
        ...

    def openvino_trunk(
        self,
        weights: Mapping[str, Float32Array],
        *,
        decoder: Mapping[str, Float32Array] | None,
        int8: Mapping[str, Int8Layer],
        with_shares: bool,
    ) -> Any:
        """The same as an `openvino.Model` for one image.

        Args:
            weights, decoder, with_shares: as for `keras_trunk`.
            int8: the layers that run in 8 bits; the others run in floating point.
        """
        ...

    def looks_like(self, file: KerasFile) -> bool:
        """Whether a model file is of this network, or so near that its errors are those to show.

        Raises:
            ReleaseMalformedError: its description cannot be read.
        """
        ...

    def weights_from_keras(
        self, file: KerasFile, *, positive_class: int
    ) -> dict[str, Float32Array]:
        """The weights in a model file of this network that Keras wrote.

        Args:
            file: the model file.
            positive_class: which class of the model is a tumor, 0 or 1: of one output, 1 where it
                is the probability of a tumor and 0 where it is that of none.

        Raises:
            WrongArchitectureError: the file holds another network; the message says what differs.
            ReleaseMalformedError: its description or an array cannot be read.
        """
        ...
