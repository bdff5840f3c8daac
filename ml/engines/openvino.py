"""The OpenVINO engine: the release's network in float32, bfloat16 or 8-bit integers.

It needs no TensorFlow. Memory: the graph holds its own copy of the weights, packed for this
processor; what was read from the release is let go once it is compiled.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from ml.architectures import architecture_of
from ml.architectures.contract import Architecture
from ml.architectures.silent_openvino import openvino
from ml.engines import EngineOutput, EngineUnsuitableError
from ml.engines.evidence import tumor_logits
from ml.imaging.pixels import Float32Array
from ml.release.int8 import INT8_FILE, Int8Layer
from ml.release.parts import Evidence
from ml.release.releases import Release, verify

# Engine name to the processor's feature that makes it worth while: without it OpenVINO emulates
# the precision, slower than in float32.
_FEATURES: Final[Mapping[str, str]] = MappingProxyType(
    {"openvino-f32": "FP32", "openvino-bf16": "BF16", "openvino-int8": "INT8"}
)
_DEVICE: Final = "CPU"


class OpenVinoEngine:
    """The network, compiled for one image at a time."""

    def __init__(
        self,
        *,
        name: str,
        compiled: Any,
        input_shape: tuple[int, int, int],
        kernel: Float32Array,
        bias: Float32Array,
        evidence: Evidence | None,
    ) -> None:
        """Take a compiled graph, and what makes the logit of its outputs, which it does not have.

        Args:
            name, compiled, input_shape: the graph, and what it reads.
            kernel, bias: of the last layer.
            evidence: of the release; the graph has shares then.
        """
        self._name = name
        self._kernel, self._bias, self._evidence = kernel, bias, evidence
        self._lock = threading.Lock()  # one request has one set of buffers
        self._request = compiled.create_infer_request()
        self.forward(np.zeros((1, *input_shape), dtype=np.float32))

    @property
    def name(self) -> str:
        """The engine's name, precision included."""
        return self._name

    def forward(self, batch: Float32Array) -> EngineOutput:
        """Run the network once for each image; see `ml.engines.Engine`.

        One by one: on a processor a batch is no faster, and so an image's answer cannot depend on
        the company it comes in.
        """
        outputs = [self._run(np.ascontiguousarray(image)) for image in batch]
        # The product too: in a batch it is summed in another order.
        logits = np.concatenate([(hidden @ self._kernel)[:, 0] for _, hidden, *_ in outputs])
        maps, hidden, *others = (np.concatenate(parts) for parts in zip(*outputs, strict=True))
        lesion = others[0] if others else None
        return EngineOutput(
            logits=tumor_logits(logits + self._bias[0], lesion=lesion, evidence=self._evidence),
            maps=maps,
            hidden=hidden,
            lesion=lesion,
            shares=others[1] if self._evidence is not None else None,
        )

    def _run(self, image: Float32Array) -> list[Float32Array]:
        with self._lock:
            found = self._request.infer([image[np.newaxis]], share_inputs=True)
            # Copies, for the next image is written into the same buffers.
            return [np.array(found[index], dtype=np.float32) for index in range(len(found))]


def open_engine(*, name: str, release: Release) -> OpenVinoEngine:
    """Load a release's network and warm it up; see `ml.engines.EngineModule`."""
    core = openvino.Core()
    features = core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")
    if _FEATURES[name] not in features or (name == "openvino-int8" and not adds_8_bits_exactly()):
        raise EngineUnsuitableError(
            f"This machine's processor has no {_FEATURES[name]} of its own."
        )
    decoder = None if release.regions is None else release.regions.file
    verify(release, files=[] if decoder is None else [decoder])
    architecture = architecture_of(release)
    weights = architecture.read_weights(release.weights_path)
    graph = architecture.openvino_trunk(
        weights,
        decoder=None if decoder is None else architecture.read_decoder(release.path(decoder)),
        int8=_int8(release, architecture=architecture) if name == "openvino-int8" else {},
        with_shares=release.evidence is not None,
    )
    # What does not run in 8 bits: the first convolution would write twice as much in float32.
    half = name == "openvino-bf16" or (name == "openvino-int8" and "BF16" in features)
    settings = {
        "PERFORMANCE_HINT": "LATENCY",  # all cores work on one image
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "ENABLE_CPU_PINNING": False,  # the web process and other workers share these cores
    }
    try:
        compiled = core.compile_model(graph, _DEVICE, settings)
    except RuntimeError as error:
        raise EngineUnsuitableError(f"OpenVINO cannot build the network: {error}") from error
    kernel, bias = architecture.last_layer(weights)
    return OpenVinoEngine(
        name=name,
        compiled=compiled,
        input_shape=architecture.input_shape,
        kernel=kernel,
        bias=bias,
        evidence=release.evidence,
    )


def adds_8_bits_exactly(cpu: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor sums 8-bit products in 32 bits (VNNI), as the one did that parity was
    measured on. Without VNNI OpenVINO sums pairs of them in 16 bits, which can overflow: answers
    would differ, and nothing would say so. False where the processor cannot be asked.
    """
    try:
        return "vnni" in cpu.read_text(encoding="utf-8")
    except OSError:
        return False


def _int8(release: Release, *, architecture: Architecture) -> dict[str, Int8Layer]:
    if INT8_FILE not in release.files:
        raise EngineUnsuitableError(
            f"{release} has no {INT8_FILE}; `python -m ml.training.quantize` makes it."
        )
    verify(release, files=[INT8_FILE])
    return architecture.read_int8(release.path(INT8_FILE))
