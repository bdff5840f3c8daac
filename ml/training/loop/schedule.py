"""The learning rate over a phase: up, constant, and down at the end."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from ml.training.loop.config import Config, Phase

FLOOR = 0.01  # of the rate, at the end of the cosine


class UpHoldDown(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, constant rate, and a cosine over the last share of the steps."""

    def __init__(self, *, phase: Phase, steps: int) -> None:
        super().__init__()
        self._phase, self._steps = phase, steps

    def __call__(self, step: Any) -> Any:
        """The learning rate of a step, counted from 0 in the phase."""
        done = ops.cast(step, "float32")
        up = ops.minimum(1.0, (done + 1.0) / max(1, self._phase.warm_up))
        start = self._steps * (1.0 - self._phase.decay_share)
        way = ops.clip((done - start) / max(1.0, self._steps - start), 0.0, 1.0)
        down = FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + ops.cos(math.pi * way))
        return self._phase.rate * up * (down if self._phase.decay_share else 1.0)

    def get_config(self) -> dict[str, Any]:
        """The arguments it was made with."""
        return {"phase": self._phase, "steps": self._steps}


def build_optimizer(*, config: Config, phase: Phase, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer of a phase.

    Args:
        config: which one, its weight decay and the norm that gradients are clipped to.
        phase: its learning rate.
        steps: how many the phase has.
    """
    rate = UpHoldDown(phase=phase, steps=steps)
    if config.optimizer == "adam":
        return keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm)
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
