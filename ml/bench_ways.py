"""The process behind one row of `ml.bench`: reads an image for every number on its input."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np

from ml.manifest import decode_image
from ml.network import INPUT_SIZE, LAST_CONVOLUTION, build_network
from ml.overlay import blend, encode_png
from ml.phantom import draw_phantom
from ml.pixels import Float32Array, Uint8Array, to_rgb
from ml.predictor import Prediction, Predictor
from ml.releases import read_release
from ml.weights import read_weights

# Reads one file's bytes and returns nothing: only its time counts.
Way: TypeAlias = Callable[[bytes], None]
_FILES: Final = 4  # different images, in turn
_OPACITY: Final = 0.45


def common_recipe(release: Path) -> Way:
    """The way of most small applications, as their sources show it."""
    import keras
    import tensorflow as tf

    model = build_network(read_weights(read_release(release).weights_path))

    def read(file: bytes) -> None:
        image = to_rgb(decode_image(np.frombuffer(file, dtype=np.uint8), name="The phantom"))
        small = cv2.resize(image, (INPUT_SIZE, INPUT_SIZE)).astype(np.float32) / 255.0
        batch = small[np.newaxis]
        model.predict(batch, verbose=0)
        layer = model.get_layer(LAST_CONVOLUTION)
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


def tensorflow(release: Path) -> Way:
    """NeuroScan's way, from the bytes of a file to the bytes of a PNG."""
    predictor = Predictor.load(release, engine="tensorflow")

    def read(file: bytes) -> None:
        pixels = decode_image(np.frombuffer(file, dtype=np.uint8), name="The phantom")
        result = predictor.predict(pixels)
        if not isinstance(result, Prediction):
            raise RuntimeError(f"The phantom was refused: {result.sentence}")
        encode_png(blend(pixels, result.heatmap, color_map="warm_cool", opacity=_OPACITY))

    return read


def tensorflow_forward(release: Path) -> Way:
    """The engine's forward pass alone, on one random input."""
    from ml.engines import open_engine

    engine = open_engine("tensorflow", weights=read_weights(read_release(release).weights_path))
    shape = (1, INPUT_SIZE, INPUT_SIZE, 3)
    batch: Float32Array = np.random.default_rng(0).random(shape, dtype=np.float32)

    def read(file: bytes) -> None:
        del file
        engine.forward(batch)

    return read


WAYS: Final[dict[str, Callable[[Path], Way]]] = {
    "common-recipe": common_recipe,
    "tensorflow": tensorflow,
    "tensorflow-forward": tensorflow_forward,
}


def main() -> None:
    """Answer every number on the input with one line of JSON."""
    name, release = sys.argv[1:]
    files = [jpeg(draw_phantom(seed=seed)) for seed in range(_FILES)]
    way = WAYS[name](Path(release))
    for line in sys.stdin:
        index = int(line)
        if index < 0:
            answer = {"memory_mb": _peak_memory_mb()}
        else:
            started = time.perf_counter()
            way(files[index % len(files)])
            answer = {"ms": (time.perf_counter() - started) * 1000.0}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def jpeg(pixels: Uint8Array) -> bytes:
    """Encode as JPEG, the form most uploads have."""
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / (1 << 10)


if __name__ == "__main__":
    main()
