"""The network as an OpenVINO graph, built op by op from the release's arrays: no conversion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ml.architectures.silent_openvino import openvino, opset
from ml.architectures.vgg16.decoder import DECODER_BLOCKS, DECODER_CHANNELS, DECODER_SIZE
from ml.architectures.vgg16.evidence import CELLS, WINDOWS
from ml.architectures.vgg16.network import BLOCKS, CHANNELS, HIDDEN, INPUT_SIZE
from ml.imaging.pixels import Float32Array
from ml.release.int8 import Int8Layer

_LEVELS: Final = 256
_NO_INT8: Final[Mapping[str, Int8Layer]] = {}


def build_graph(
    *,
    weights: Mapping[str, Float32Array],
    decoder: Mapping[str, Float32Array] | None,
    int8: Mapping[str, Int8Layer] = _NO_INT8,
    with_shares: bool = False,
) -> Any:
    """Build the graph for one image.

    Args:
        weights: as `ml.architectures.vgg16.weights` reads them.
        decoder: as `ml.architectures.vgg16.decoder` reads it, or None for a graph without it.
        int8: the layers that run in 8 bits (`ml.release.int8`); the others run in floating point.
        with_shares: also yield what Grad-CAM needs where the classifier reads the decoder; there
            must be one then.

    Returns:
        An `openvino.Model` from (1, 224, 224, 3) float32 in 0..1 to these, all float32, in this
        order: block5_conv3 after its ReLU (1, 14, 14, K), hidden activations (1, 256), with a
        decoder lesion logits (1, 56, 56), and with shares those of
        `ml.architectures.vgg16.evidence` (1, 9, 64). The network's last layer is left to the
        caller: 256 products, and in bfloat16 their sum would be a probability in coarse steps.
    """
    builder = _Builder(arrays={**weights, **(decoder or {})}, int8=int8)
    return builder.build(with_decoder=decoder is not None, with_shares=with_shares)


class _Builder:
    """Holds what every layer needs, so that each is one call."""

    def __init__(
        self, *, arrays: Mapping[str, Float32Array], int8: Mapping[str, Int8Layer]
    ) -> None:
        self._arrays = arrays
        self._int8 = int8
        # Two layers that read the same values in the same range share one rounding of them.
        self._rounded: dict[tuple[str, float, float], Any] = {}

    def build(self, *, with_decoder: bool, with_shares: bool) -> Any:
        shape = [1, INPUT_SIZE, INPUT_SIZE, CHANNELS]
        image = opset.parameter(shape, np.float32, name="image")
        # OpenVINO's convolutions want channels first.
        x = self._rounded_for("block1_conv1", _transpose(image, (0, 3, 1, 2)))
        last = {}
        for block, widths in enumerate(BLOCKS, start=1):
            for index in range(1, len(widths) + 1):
                layer = f"block{block}_conv{index}"
                # What pooling yields has been rounded before it.
                x = self._convolution(layer, x if index == 1 else self._rounded_for(layer, x))
                x = opset.relu(x, name=f"{layer}/relu")
            last[block] = x
            # Rounding before pooling changes nothing, but lets pooling run in 8 bits too.
            reader = f"block{block + 1}_conv1" if block < len(BLOCKS) else HIDDEN
            x = _pool(self._rounded_for(reader, x), name=f"block{block}_pool")
        maps = _transpose(last[len(BLOCKS)], (0, 2, 3, 1))
        # The dense kernel counts its inputs channels last.
        flat = opset.reshape(_transpose(x, (0, 2, 3, 1)), _integers(1, -1), special_zero=False)
        hidden = opset.relu(self._dense(HIDDEN, flat), name=f"{HIDDEN}/relu")
        outputs = [maps, hidden]
        if with_decoder:
            lesion, segc = self._decoder(last)
            outputs += [lesion, _shares(lesion, segc)] if with_shares else [lesion]
        return openvino.Model(outputs, [image], "neuroscan_vgg16")

    def _decoder(self, last: Mapping[int, Any]) -> tuple[Any, Any]:
        """The lesion logits, and the values before the last convolution."""
        top, *others = DECODER_BLOCKS
        x = self._convolution(f"lat{top}", self._rounded_for(f"lat{top}", last[top]))
        for block in others:
            side = INPUT_SIZE // 2 ** (block - 1)
            x = opset.interpolate(
                x,
                _integers(side, side),
                "linear_onnx",  # with half_pixel: what Keras calls bilinear
                "sizes",
                coordinate_transformation_mode="half_pixel",
                axes=_integers(2, 3),
                name=f"up{block}",
            )
            lateral = self._convolution(
                f"lat{block}", self._rounded_for(f"lat{block}", last[block])
            )
            x = opset.add(x, lateral, name=f"sum{block}")
        segc = self._convolution("segc", self._rounded_for("segc", x))
        segc = opset.relu(segc, name="segc/relu")
        x = self._convolution("seg", self._rounded_for("seg", segc))
        shape = _integers(1, DECODER_SIZE, DECODER_SIZE)
        return opset.reshape(x, shape, special_zero=False), segc

    def _convolution(self, layer: str, x: Any) -> Any:
        kernel = self._arrays[f"{layer}/kernel"]
        pad = [kernel.shape[0] // 2] * 2
        weights = self._weights(layer, kernel, axes=(3, 2, 0, 1))
        y = opset.convolution(x, weights, [1, 1], pad, pad, [1, 1], name=layer)
        return opset.add(y, _constant(self._bias(layer).reshape(1, -1, 1, 1)), name=f"{layer}/add")

    def _dense(self, layer: str, x: Any) -> Any:
        # Output channels first, as OpenVINO keeps them.
        weights = self._weights(layer, self._arrays[f"{layer}/kernel"], axes=(1, 0))
        y = opset.matmul(x, weights, False, True, name=layer)
        return opset.add(y, _constant(self._bias(layer)[np.newaxis]), name=f"{layer}/add")

    def _bias(self, layer: str) -> Float32Array:
        quantized = self._int8.get(layer)
        return self._arrays[f"{layer}/bias"] if quantized is None else quantized.bias

    def _weights(self, layer: str, kernel: Float32Array, *, axes: tuple[int, ...]) -> Any:
        quantized = self._int8.get(layer)
        if quantized is None:
            return _constant(kernel.transpose(axes))
        levels = opset.convert(_constant(quantized.round(kernel).transpose(axes)), np.float32)
        step = quantized.step.reshape(-1, *[1] * (kernel.ndim - 1))
        return opset.multiply(levels, _constant(step))

    def _rounded_for(self, layer: str, x: Any) -> Any:
        """The values `x` as the layer is to read them."""
        quantized = self._int8.get(layer)
        if quantized is None:
            return x
        low, high = (float(value) for value in quantized.range)
        key = (x.get_friendly_name(), low, high)
        if key not in self._rounded:
            ends = (_constant(np.float32(low)), _constant(np.float32(high)))
            self._rounded[key] = opset.fake_quantize(x, *ends, *ends, _LEVELS)
        return self._rounded[key]


def _pool(x: Any, *, name: str) -> Any:
    two, one, no = [2, 2], [1, 1], [0, 0]
    return opset.max_pool(x, two, one, no, no, two, name=name).output(0)


def _shares(lesion: Any, segc: Any) -> Any:
    cells = opset.reshape(lesion, _integers(1, 1, CELLS), special_zero=False)
    softmax = opset.multiply(opset.softmax(cells, 2), _constant(WINDOWS[np.newaxis]))
    is_open = opset.convert(opset.greater(segc, _constant(np.float32(0.0))), np.float32)
    shape = _integers(1, DECODER_CHANNELS, CELLS)
    flat = opset.reshape(is_open, shape, special_zero=False)
    return opset.matmul(softmax, flat, False, True, name="shares")


def _transpose(x: Any, axes: tuple[int, ...]) -> Any:
    return opset.transpose(x, _integers(*axes))


def _integers(*values: int) -> Any:
    return opset.constant(np.array(values, dtype=np.int64))


def _constant(array: Any) -> Any:
    return opset.constant(np.ascontiguousarray(array))
