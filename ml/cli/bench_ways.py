"""The process behind one row of `ml.cli.bench`: reads images for every line on its input.

    python -m ml.cli.bench_ways NAME RELEASE FILE...

The first line it answers says whether it could start. A line is the number of an image, or of the
first one and how many there are: a series, which is read as the worker reads one.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import cv2
import numpy as np

from ml.architectures import architecture_of, class_map_of
from ml.engines import ENGINES, EngineError, open_engine
from ml.gate import Gate, GateResult, open_gate
from ml.imaging import formats
from ml.imaging.overlay import blend, encode_png
from ml.imaging.pixels import Float32Array, Pixels
from ml.imaging.preprocessing import RECIPES
from ml.predictor import Abstention, Predictor
from ml.release.releases import read_release

# Reads one file's bytes and returns nothing: only its time counts.
Way: TypeAlias = Callable[[bytes], None]
COMMON_RECIPE: Final = "common-recipe"
FORWARD: Final = "-forward"
SERIES: Final = "-series"  # behind the name of a way that reads whole images
_AT_ONCE: Final = 2  # images of a series in work: as `scans.services.analyses.overlap`
_OPACITY: Final = 0.5  # the product's


def common_recipe(release: Path) -> Way:
    """The way of most small applications, as their sources show it.

    It is timed as it stands, decoding with OpenCV included: the one place besides
    `ml.imaging.formats` that decodes a file, since that is part of what is compared.
    """
    import keras
    import tensorflow as tf

    described = read_release(release)
    architecture = architecture_of(described)
    model = architecture.keras_network(architecture.read_weights(described.weights_path))
    height, width, _ = architecture.input_shape

    def read(file: bytes) -> None:
        decoded = cv2.imdecode(np.frombuffer(file, dtype=np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise ValueError("OpenCV cannot read this image.")
        image = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
        small = cv2.resize(image, (width, height)).astype(np.float32) / 255.0
        batch = small[np.newaxis]
        model.predict(batch, verbose=0)
        layer = model.get_layer(architecture.map_layer)
        grad_model = keras.Model(model.input, [layer.output, model.output])
        with tf.GradientTape() as tape:
            maps, prediction = grad_model(batch)
            loss = prediction[:, 0]
        weights = tf.reduce_mean(tape.gradient(loss, maps), axis=(0, 1, 2)).numpy()
        weighed = maps[0].numpy()
        for channel in range(weighed.shape[-1]):
            weighed[:, :, channel] *= weights[channel]
        heat = np.maximum(weighed.mean(axis=-1), 0.0)
        heat = heat / (heat.max() + 1e-12)
        large = cv2.resize(heat, (image.shape[1], image.shape[0]))
        colored = cv2.applyColorMap((255 * large).astype(np.uint8), cv2.COLORMAP_JET)
        cv2.imencode(".png", cv2.addWeighted(image, 1.0 - _OPACITY, colored, _OPACITY, 0.0))

    return read


def whole_image(release: Path, *, engine: str) -> Way:
    """NeuroScan's way, from the bytes of a file to the bytes of both PNG files it stores."""
    described = read_release(release)
    predictor = Predictor(
        release=described,
        engine=open_engine(engine, release=described),
        recipe=RECIPES[described.preprocessing],
        gate=_Overruled(open_gate(described)),
        class_map=class_map_of(described),
    )

    def read(file: bytes) -> None:
        pixels = formats.read(file).image.pixels
        result = predictor.predict(pixels)
        if isinstance(result, Abstention):
            return  # no head in it: nothing is drawn
        encode_png(result.heatmap)
        encode_png(blend(pixels, result.heatmap, color_map="warm_cool", opacity=_OPACITY))

    return read


def read_series(way: Way, files: Sequence[bytes]) -> None:
    """Read the files as slices of one series: beside the one in the network, another's decoding,
    heatmap and PNG files."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(way, files))


def forward(release: Path, *, engine: str) -> Way:
    """The engine's forward pass alone, on one random input."""
    described = read_release(release)
    opened = open_engine(engine, release=described)
    shape = (1, *architecture_of(described).input_shape)
    batch: Float32Array = np.random.default_rng(0).random(shape, dtype=np.float32)

    def read(file: bytes) -> None:
        del file
        opened.forward(batch)

    return read


@dataclass(frozen=True, slots=True)
class _Overruled:
    """A gate that is asked and not obeyed: what it refuses, such as a phantom, is timed too."""

    gate: Gate

    def before(self, pixels: Pixels) -> GateResult:
        seen = self.gate.before(pixels)
        return GateResult(distance=seen.distance, described=seen.described)

    def after(
        self, *, tensor: Float32Array, maps: Float32Array, described: Float32Array | None = None
    ) -> GateResult:
        asked = self.gate.after(tensor=tensor, maps=maps, described=described)
        return GateResult(distance=asked.distance)


def _ways() -> dict[str, Callable[[Path], Way]]:
    ways: dict[str, Callable[[Path], Way]] = {COMMON_RECIPE: common_recipe}
    for engine in reversed(list(ENGINES)):  # the reference first
        ways[engine] = partial(whole_image, engine=engine)
        ways[engine + FORWARD] = partial(forward, engine=engine)
    return ways


WAYS: Final[Mapping[str, Callable[[Path], Way]]] = MappingProxyType(_ways())


def main() -> None:
    """Answer every line of the input with one line of JSON."""
    name, release, *paths = sys.argv[1:]
    files = [Path(path).read_bytes() for path in paths]
    try:
        way = WAYS[name.removesuffix(SERIES)](Path(release))
        way(files[0])
    except (EngineError, ImportError) as error:
        _send({"error": str(error)})
        return
    _send({"ready": True})
    for line in sys.stdin:
        index, *count = (int(word) for word in line.split())
        if index < 0:
            _send({"memory_mb": _peak_memory_mb()})
            continue
        asked = [files[place % len(files)] for place in range(index, index + sum(count or [1]))]
        started = time.perf_counter()
        if count:
            read_series(way, asked)
        else:
            way(asked[0])
        _send({"ms": (time.perf_counter() - started) * 1000.0})


def _send(value: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)


if __name__ == "__main__":
    main()
