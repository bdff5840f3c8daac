"""What runs the network. An engine's framework is imported only when that engine is opened."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, cast

from threadpoolctl import threadpool_limits

from ml.imaging.pixels import Float32Array
from ml.release.releases import Release


class EngineError(Exception):
    """The engine cannot be used here; the message is a full sentence for the operator."""


class EngineUnsuitableError(EngineError):
    """This machine or this release cannot run the engine, though its framework is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineOutput:
    """Everything one forward pass yields, for a batch of N images; all float32.

    Attributes:
        logits: shape (N,), the tumor logit before the sigmoid, uncalibrated.
        maps: what the heatmap is made of, shape (N, h, w, K); for VGG16 block5_conv3 after its
            ReLU, (N, 14, 14, 512).
        hidden: what the logit is a weighted sum of, shape (N, H); for VGG16 the first dense layer
            after its ReLU, (N, 256).
        lesion: the lesion decoder's logits, shape (N, n, n), for VGG16 n = 56; None where the
            release has no decoder.
        shares: what the class map needs of the decoder beside them, for VGG16 (N, 9, 64); None
            where the classifier does not read the decoder.
    """

    logits: Float32Array
    maps: Float32Array
    hidden: Float32Array
    lesion: Float32Array | None = None
    shares: Float32Array | None = None


class Engine(Protocol):
    """A loaded network, warmed up, that may be called from several threads."""

    @property
    def name(self) -> str:
        """The engine's name, a key of `ENGINES`, shown beside its results."""
        ...

    def forward(self, batch: Float32Array) -> EngineOutput:
        """Run the network once.

        Args:
            batch: float32, 0 to 1, N at least 1; shape (N, *input_shape) of the release's
                architecture, for VGG16 (N, 224, 224, 3).
        """
        ...


class EngineModule(Protocol):
    """What a module in this package offers."""

    def open_engine(self, *, name: str, release: Release) -> Engine:
        """Load a release's network under one of the names that lead to this module.

        Raises:
            ImportError: the framework is not installed.
            EngineUnsuitableError: this machine or this release cannot run it.
            ReleaseError: a file of the release is missing, altered or malformed.
        """
        ...


_OPENVINO: Final = "ml.engines.openvino"
# Engine name to its module, the fastest first.
ENGINES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "openvino-int8": _OPENVINO,
        "openvino-bf16": _OPENVINO,
        "openvino-f32": _OPENVINO,
        "tensorflow": "ml.engines.tensorflow",
    }
)
REFERENCE: Final = "tensorflow"
# What an operator may ask for: a policy, or one engine by its name.
CHOICES: Final = ("auto", "tensorflow", "openvino", *(n for n in ENGINES if n != REFERENCE))


def open_engine(name: str, *, release: Release) -> Engine:
    """Load a release's network, its files checked, and leave it the cores to itself.

    From here on NumPy's matrix products (OpenBLAS) run on one thread in this process: OpenBLAS's
    others spin for tens of milliseconds after each product, on the cores that the next forward pass
    needs, which then takes twice as long. None of the products beside the network is large.

    Args:
        name: one of CHOICES; see `candidates`.
        release: the release whose weights, and decoder where it has one, are loaded.

    Raises:
        EngineError: there is no such engine, or none that was asked for can run here.
        ReleaseError: a file of the release is missing, altered or malformed.
    """
    problems = []
    for candidate in candidates(name, release=release):
        try:
            module = cast(EngineModule, importlib.import_module(ENGINES[candidate]))
            engine = module.open_engine(name=candidate, release=release)
        except ImportError as error:
            problems.append(f"{candidate}: not installed ({error})")
        except EngineUnsuitableError as error:
            problems.append(f"{candidate}: {error}")
        else:
            threadpool_limits(limits=1, user_api="blas")
            return engine
    raise EngineError(
        f"No engine for {release} can run here; install requirements.txt or choose another with "
        f"NEUROSCAN_ENGINE. Tried {'; '.join(problems)}."
    )


def candidates(name: str, *, release: Release) -> list[str]:
    """The engines to try, in order.

    "auto" tries those that were measured to agree with the reference on this very release, the
    fastest first, then the reference, and without it the engine that is the same in other hands:
    OpenVINO in float32. "openvino" does so among OpenVINO's precisions alone. Any other name is
    that engine and nothing else.

    Raises:
        EngineError: there is no such engine.
    """
    if name not in CHOICES:
        raise EngineError(f"There is no engine {name!r}; choose one of: {', '.join(CHOICES)}.")
    if name not in ("auto", "openvino"):
        return [name]
    holding = {parity.name for parity in release.engines if parity.holds}
    found = [engine for engine in ENGINES if engine in holding and engine != REFERENCE]
    found += [REFERENCE, "openvino-f32"] if name == "auto" else ["openvino-f32"]
    return list(dict.fromkeys(found))
