"""How fast this machine trains, measured in seconds: in which precision, and how long a run takes.

Half precision is a matter of the processor: with bfloat16 of its own it may be faster than
float32, without it thirteen times slower.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ml.training.loop.batches import Targets
from ml.training.loop.config import Config
from ml.training.loop.losses import compile_network
from ml.training.loop.network import CAM_STRIDE, MASK_STRIDE, build_training_network, freeze
from ml.training.loop.schedule import build_optimizer

DTYPES: Final = ("float32", "mixed_bfloat16")
_SECONDS: Final = 1.5  # of steps for a measurement, after the first, which also builds the graph
_STEPS: Final = 4  # at most
# For comparing precisions: the slowest one takes seconds a step there too.
_SMALL_SIDE: Final = 64
_SMALL_BATCH: Final = 8


def measure_pace(config: Config) -> float:
    """Train a network on noise for a few steps, and forget it.

    Args:
        config: size, batch, widths, precision and the last phase's frozen blocks are as it says.

    Returns:
        Training slices a second, without the making of batches, which goes on beside it.
    """
    network = build_training_network(config)
    phase = config.phases[-1]
    freeze(network, blocks=phase.frozen_blocks)
    optimizer = build_optimizer(config=config, phase=phase, steps=max(1, phase.epochs))
    compile_network(network, config=config, optimizer=optimizer)
    images, targets = _noise(config)
    weights = {name: np.ones(config.batch, dtype=np.float32) for name in targets}

    def step() -> None:
        network.train_on_batch(images, targets, sample_weight=weights, return_dict=True)

    step()
    steps, began = 0, time.perf_counter()
    while steps < _STEPS and time.perf_counter() - began < _SECONDS:
        step()
        steps += 1
    return steps * config.batch / (time.perf_counter() - began)


def compare_precisions(config: Config) -> dict[str, float]:
    """The pace in each of `DTYPES`, on small slices: which is faster, not how fast the run will be.

    Returns:
        Precision to slices a second, at 64 px.
    """
    small = replace(config, size=min(_SMALL_SIDE, config.size), batch=_SMALL_BATCH)
    return {dtype: measure_pace(replace(small, dtype=dtype)) for dtype in DTYPES}


def faster(paces: Mapping[str, float]) -> str:
    """The precision to train in: the faster one, and float32 where they are as good as equal."""
    best = max(paces, key=lambda dtype: paces[dtype])
    return best if paces[best] > 1.05 * paces["float32"] else "float32"


def plan(config: Config, *, pace: float) -> str:
    """What the run will take, in a sentence.

    Args:
        config: of the run.
        pace: training slices a second in it.
    """
    epoch = config.sampling.epoch_slices / pace / 60.0
    epochs = sum(phase.epochs for phase in config.phases)
    return (
        f"{config.dtype} at {config.size} px, batch {config.batch}: {pace:.1f} slices a second; an "
        f"epoch of {config.sampling.epoch_slices} takes about {epoch:.0f} minutes, "
        f"{epochs} epochs {epoch * epochs / 60.0:.1f} hours, validation not counted."
    )


def _noise(config: Config) -> tuple[np.ndarray, Targets]:
    rng = np.random.default_rng(0)
    small, cells = config.size // MASK_STRIDE, config.size // CAM_STRIDE
    shape = (config.batch, config.size, config.size, 3)
    targets: Targets = {
        "bin": rng.integers(0, 2, (config.batch, 1)).astype(np.float32),
        "typ": np.zeros(config.batch, dtype=np.int32),
        "seg": np.zeros((config.batch, small, small, 1), dtype=np.float32),
        "cam": np.ones((config.batch, cells, cells, 1), dtype=np.float32),
    }
    return rng.random(shape, dtype=np.float32), targets
