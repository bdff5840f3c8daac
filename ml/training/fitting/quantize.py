"""Make the 8-bit numbers of a release: NNCF post-training quantization on training slices.

    python -m ml.training.quantize --release DIR --data DIR

writes `openvino-int8.npz` (`ml.release.int8`) into the release and names it in release.json.
Needs requirements-dev.txt: only who makes a release quantizes. What it did to the answers is then
measured by `ml.training.evaluation.parity`.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.architectures import architecture_of
from ml.architectures.vgg16.decoder import DECODER_SHAPES
from ml.architectures.vgg16.network import KERNEL_SHAPES
from ml.architectures.vgg16.openvino_graph import build_graph
from ml.imaging.pixels import Float32Array
from ml.imaging.preprocessing import RECIPES
from ml.release.int8 import INT8_FILE, Int8Layer, write_int8
from ml.release.releases import (
    Release,
    ReleaseError,
    file_sha256,
    read_release,
    verify,
    write_release,
)
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import Folders, read_slices
from ml.training.data.manifest import DataError, Slice, read_image

IMAGES: Final = 300  # as NNCF itself would take
# What stays in floating point. The first convolution, because processors without VNNI would
# overflow on its full range, so NNCF gives its weights only 7 bits: alone it moved more
# probabilities than all others together. The decoder's sums and last two layers, which take too
# little time to be worth any of its detail. Three convolutions in the middle: of the variance of
# release 2.0.0's logits under 8 bits, on 374 validation slices short of saturation, block4_conv1
# makes 42 %, block4_conv2 25 % and block4_conv3 10 %. With block4_conv1, block4_conv2 and
# block3_conv1 in bfloat16 one of 521 validation slices moves by more than 0.02 in probability;
# without block3_conv1 four do, with all in 8 bits seven, and with blocks 3 and 4 whole in bfloat16,
# half as slow again, none. The network's last layer is not in the graph at all.
FIRST: Final = next(iter(KERNEL_SHAPES))
MIDDLE: Final = ("block3_conv1", "block4_conv1", "block4_conv2")
IN_FLOAT: Final = (FIRST, *MIDDLE, "up4", "sum4", "up3", "sum3", "segc", "seg")


def quantize(
    *, release: Release, data: Folders, images: int = IMAGES, seed: int = 1, split: str = "train"
) -> Release:
    """Quantize a release's network and add the numbers to the release.

    Args:
        release: its weights, and decoder where it has one, are read; engines measured before are
            dropped, for they are to be measured anew.
        data: folder or folders as `ml.training.data.folders` reads them.
        images: how many slices of the split calibrate the ranges, drawn evenly over source and
            class.
        seed: of that draw.
        split: never the one that the release is evaluated on.

    Returns:
        The release with the file; its release.json is written too.

    Raises:
        ReleaseError: a file of the release is missing, altered or malformed.
        DataError: the data folder is not what it must be.
    """
    slices = draw(read_slices(data, split=split), images=images, seed=seed)
    recipe = RECIPES[release.preprocessing]
    tensors = (recipe(read_image(item.path)).tensor for item in slices)
    layers = ranges_and_steps(release, tensors=tensors, images=len(slices))
    write_int8(release.directory / INT8_FILE, layers)
    files = {**release.files, INT8_FILE: file_sha256(release.directory / INT8_FILE)}
    release = replace(release, files=files, engines=())
    write_release(release)
    return release


def draw(slices: Sequence[Slice], *, images: int, seed: int) -> list[Slice]:
    """Take slices evenly over source and class, and no two near-duplicates while there are others.

    Returns:
        `images` of them, or all where there are fewer.
    """
    order = np.random.default_rng(seed).permutation(len(slices))
    seen: set[str] = set()
    first: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    copies: dict[tuple[str, str], list[Slice]] = defaultdict(list)
    for item in (slices[index] for index in order):
        (copies if item.cluster in seen else first)[item.source, item.kind].append(item)
        seen.add(item.cluster)
    queues = [first[key] + copies[key] for key in sorted({*first, *copies})]
    drawn: list[Slice] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        drawn += [queue[turn] for queue in queues if turn < len(queue)]
    return drawn[:images]


def ranges_and_steps(
    release: Release, *, tensors: Iterable[Float32Array], images: int
) -> dict[str, Int8Layer]:
    """Have NNCF quantize the network, and read off what it chose.

    Args:
        release: as for `quantize`.
        tensors: the network's inputs, float32, shape (224, 224, 3) each, 0 to 1.
        images: how many there are.

    Returns:
        The numbers of every layer that is to run in 8 bits.
    """
    decoder = None if release.regions is None else release.regions.file
    verify(release, files=[] if decoder is None else [decoder])
    architecture = architecture_of(release)
    graph = build_graph(
        weights=architecture.read_weights(release.weights_path),
        decoder=None if decoder is None else architecture.read_decoder(release.path(decoder)),
    )
    # After the graph's modules, which hide OpenVINO's telemetry from it as well.
    import nncf

    present = {operation.get_friendly_name() for operation in graph.get_ops()}
    quantized = nncf.quantize(
        graph,
        nncf.Dataset([tensor[np.newaxis] for tensor in tensors]),
        subset_size=images,
        preset=nncf.QuantizationPreset.MIXED,
        ignored_scope=nncf.IgnoredScope(names=[name for name in IN_FLOAT if name in present]),
    )
    layers = {}
    for operation in quantized.get_ops():
        name = operation.get_friendly_name()
        if name in {**KERNEL_SHAPES, **DECODER_SHAPES} and name not in IN_FLOAT:
            layers[name] = _layer(operation)
    return layers


def _layer(operation: Any) -> Int8Layer:
    rounding = operation.input_value(0).get_node()
    while rounding.get_type_name() != "FakeQuantize":
        rounding = rounding.input_value(0).get_node()  # through pooling and flattening
    low, high = (float(_values(rounding, index).item()) for index in (1, 2))
    (following,) = operation.output(0).get_target_inputs()
    return Int8Layer(
        range=np.array([low, high], dtype=np.float32),
        step=_values(operation.input_value(1).get_node(), 1).ravel(),
        bias=_values(following.get_node(), 1).ravel(),
    )


def _values(operation: Any, index: int) -> Float32Array:
    """The constant at one input of an operation; NNCF may have made it float16."""
    source = operation.input_value(index).get_node()
    while source.get_type_name() == "Convert":
        source = source.input_value(0).get_node()
    return np.array(source.get_data(), dtype=np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ml.training.quantize")
    parser.add_argument("--release", type=Path, required=True, help="folder, written to")
    add_data_argument(parser)
    parser.add_argument("--images", type=int, default=IMAGES, help="training slices to use")
    options = parser.parse_args(arguments)
    try:
        release = read_release(options.release)
        release = quantize(release=release, data=options.data, images=options.images)
    except (DataError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release.path(INT8_FILE)} is written.\n")
    return 0
