"""What runs the network. An engine's framework is imported only when that engine is opened."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, cast

from ml.pixels import Float32Array


class EngineError(Exception):
    """The engine cannot be used here; the message is a full sentence for the operator."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineOutput:
    """Everything one forward pass yields, for a batch of N images; all float32.

    Attributes:
        logits: shape (N,), the tumor logit before the sigmoid, uncalibrated.
        maps: shape (N, 14, 14, 512), block5_conv3 after its ReLU.
        hidden: shape (N, 256), the first dense layer after its ReLU.
        lesion: shape (N, 56, 56), the lesion decoder's logits, or None where the engine was opened
            without a decoder.
    """

    logits: Float32Array
    maps: Float32Array
    hidden: Float32Array
    lesion: Float32Array | None = None


class Engine(Protocol):
    """A loaded network, warmed up, that may be called from several threads."""

    @property
    def name(self) -> str:
        """The engine's name, shown beside its results."""
        ...

    def forward(self, batch: Float32Array) -> EngineOutput:
        """Run the network once.

        Args:
            batch: float32, shape (N, 224, 224, 3), 0 to 1, N at least 1.
        """
        ...


class EngineModule(Protocol):
    """What a module in this package offers."""

    def open_engine(self, *, weights: Mapping[str, Float32Array]) -> Engine:
        """Load the network with these weights (`ml.weights`) and warm it up.

        Raises:
            ImportError: the framework is not installed.
        """
        ...


# Engine name to its module, the best one first: "auto" takes the first that is installed.
ENGINES: Final[Mapping[str, str]] = MappingProxyType({"tensorflow": "ml.engines.tensorflow"})


def open_engine(name: str, *, weights: Mapping[str, Float32Array]) -> Engine:
    """Open an engine by name, or the best installed one for "auto".

    Args:
        name: a key of ENGINES, or "auto".
        weights: the network's arrays as `ml.weights` reads them.

    Raises:
        EngineError: there is no such engine, or its framework is not installed.
    """
    if name != "auto" and name not in ENGINES:
        names = ", ".join(["auto", *ENGINES])
        raise EngineError(f"There is no engine {name!r}; choose one of: {names}.")
    wanted = list(ENGINES) if name == "auto" else [name]
    problems = []
    for candidate in wanted:
        try:
            module = cast(EngineModule, importlib.import_module(ENGINES[candidate]))
            return module.open_engine(weights=weights)
        except ImportError as error:
            problems.append(f"{candidate} ({error})")
    raise EngineError(
        "No engine for the model is installed here; install requirements.txt. "
        f"Tried: {'; '.join(problems)}."
    )
