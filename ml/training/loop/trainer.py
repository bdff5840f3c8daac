"""The training loop: batches in, checkpoints and a history out; it can be stopped at any time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from ml.imaging.pixels import Float32Array
from ml.training.data.balanced import draw_settled_epoch
from ml.training.data.cache import Cache
from ml.training.data.sampling import make_pools, source_report
from ml.training.data.strata import guesses_in_epoch
from ml.training.loop.batches import steps_in_epoch, training_batches
from ml.training.loop.checkpoint import (
    Progress,
    load_state,
    part,
    save_state,
    write_arrays,
    write_text,
)
from ml.training.loop.config import Config
from ml.training.loop.lesion_bank import LesionBank, cut_lesions, outlines_of
from ml.training.loop.losses import compile_network
from ml.training.loop.network import (
    build_training_network,
    freeze,
    get_arrays,
    set_arrays,
)
from ml.training.loop.schedule import build_optimizer
from ml.training.loop.validation import figures, score

STATE: Final = "state.npz"
_AVERAGE_EVERY: Final = 4  # steps


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What the loop tells while it runs.

    Attributes:
        step, steps: of the epoch.
        losses: `loss`, and its parts by output before weighting (`bin_loss`, ...); means over the
            epoch so far.
    """

    epoch: int
    step: int
    steps: int
    losses: dict[str, float]


class Trainer:
    """One run in one folder."""

    def __init__(self, *, config: Config, cache: Cache, out: Path) -> None:
        self.config, self.cache, self.out = config, cache, out
        keras.utils.set_random_seed(config.seed)
        self.pools = make_pools(cache.items, sampling=config.sampling)
        self.bank = (
            cut_lesions(cache)
            if config.sampling.plant
            else LesionBank.of((), outlines=outlines_of(cache))
        )
        self.network = build_training_network(config)
        self.progress = Progress()
        self.average = get_arrays(self.network)
        self._optimizer: Any = None

    def start(self, arrays: dict[str, Float32Array]) -> list[str]:
        """Begin with these weights; returns the layers that stay at random ones.

        Raises:
            ValueError: an array has another shape than its layer.
        """
        without = set_arrays(self.network, arrays)
        self.average = get_arrays(self.network)
        self._begin_phase()
        return without

    def resume(self) -> bool:
        """Go on from the state in the folder; False where there is none."""
        path = self.out / STATE
        if not path.is_file():
            return False
        arrays, self.progress = load_state(path)
        set_arrays(self.network, part(arrays, "weights/"))
        self.average = part(arrays, "average/")
        self._settle_length()
        if self.finished:
            return True
        self._begin_phase()
        for index, variable in enumerate(self._optimizer.variables):
            variable.assign(arrays[f"optimizer/{index}"])
        for index, variable in enumerate(self._chance()):
            variable.assign(arrays[f"chance/{index}"])
        return True

    def _settle_length(self) -> None:
        """Take up the last phase again where it is to be longer, and end it where it is over."""
        progress, last = self.progress, len(self.config.phases) - 1
        if progress.phase < last:
            return
        done = sum(line["phase"] == last for line in progress.history)
        over = progress.step == 0 and done >= self.config.phases[last].epochs
        progress.phase, progress.phase_epoch = (last + 1, 0) if over else (last, done)

    @property
    def finished(self) -> bool:
        """Whether the last phase is over."""
        return self.progress.phase >= len(self.config.phases)

    def run(
        self,
        *,
        tell: Callable[[Report], None],
        on_epoch: Callable[[dict[str, Any]], None],
        stop: Callable[[], bool],
        save_every: float = 600.0,
    ) -> None:
        """Train until the last phase is over or `stop` says so.

        Args:
            tell: called after every step.
            on_epoch: called with the line of the history after every epoch.
            stop: asked after every step; the state is then saved and the run can be resumed.
            save_every: seconds between two savings within an epoch.
        """
        while not self.finished:
            if not self._epoch(tell=tell, stop=stop, save_every=save_every):
                return
            on_epoch(self._evaluate())
            self._advance()
            self.save()
            if stop():
                return

    def save(self) -> None:
        """Write the state, and the history for people to read."""
        arrays: dict[str, Any] = {
            f"weights/{name}": array for name, array in get_arrays(self.network).items()
        }
        arrays |= {f"average/{name}": array for name, array in self.average.items()}
        for index, variable in enumerate(self._optimizer.variables):
            arrays[f"optimizer/{index}"] = keras.ops.convert_to_numpy(variable)
        for index, variable in enumerate(self._chance()):
            arrays[f"chance/{index}"] = keras.ops.convert_to_numpy(variable)
        save_state(self.out / STATE, arrays=arrays, progress=self.progress)
        lines = "".join(f"{json.dumps(line)}\n" for line in self.progress.history)
        write_text(self.out / "history.jsonl", lines)

    def validate(self, arrays: dict[str, Float32Array] | None = None) -> dict[str, float]:
        """Figures on the validation split, of the network or of other weights put into it."""
        before = get_arrays(self.network) if arrays is not None else None
        if arrays is not None:
            set_arrays(self.network, arrays)
        found = figures(
            self.network,
            cache=self.cache,
            indices=self._judged_on(),
            pools=self.pools,
            config=self.config,
        )
        if before is not None:
            set_arrays(self.network, before)
        return found

    def _judged_on(self) -> list[int]:
        """Validation slices, the same in every epoch."""
        indices = self.cache.indices("val")
        wanted = self.config.validation_slices
        if not 0 < wanted < len(indices):
            return indices
        drawn = np.random.default_rng(self.config.seed).permutation(indices)[:wanted]
        return sorted(drawn.tolist())

    def write_sampling(self) -> None:
        """Show in `sampling.json` what the source tells about the label in the first epoch."""
        config, items = self.config, self.cache.items
        first = draw_settled_epoch(
            self.pools, items=items, sampling=config.sampling, seed=config.seed, epoch=0
        )
        report = source_report(first, items=items, pools=self.pools)
        told = guesses_in_epoch(first, items=items, families=self.pools.families)
        report["guess_from_one_stratum"] = told
        write_text(self.out / "sampling.json", json.dumps(report, indent=1))

    def _begin_phase(self) -> None:
        phase = self.config.phases[self.progress.phase]
        freeze(self.network, blocks=phase.frozen_blocks)
        steps = phase.epochs * steps_in_epoch(self.config)
        self._optimizer = build_optimizer(config=self.config, phase=phase, steps=steps)
        self._optimizer.build(self.network.trainable_variables)
        compile_network(self.network, config=self.config, optimizer=self._optimizer)

    def _epoch(
        self, *, tell: Callable[[Report], None], stop: Callable[[], bool], save_every: float
    ) -> bool:
        progress, steps = self.progress, steps_in_epoch(self.config)
        self.network.reset_metrics()
        saved = time.monotonic()
        batches = training_batches(
            self.cache,
            pools=self.pools,
            bank=self.bank,
            config=self.config,
            epoch=progress.epoch,
            first_step=progress.step,
        )
        for batch in batches:
            began = time.monotonic()
            logs = self.network.train_on_batch(
                batch.images, batch.targets, sample_weight=batch.weights, return_dict=True
            )
            if not np.isfinite(float(logs["loss"])):
                raise ArithmeticError("The loss is not a number; resume with a lower rate.")
            progress.step += 1
            progress.loss_steps += 1
            for name, value in logs.items():
                mean = progress.losses.get(name, 0.0)
                progress.losses[name] = mean + (float(value) - mean) / progress.loss_steps
            self.network.reset_metrics()  # Keras would average too, in some backends and not others
            if progress.step % _AVERAGE_EVERY == 0 or progress.step == steps:
                self._update_average()
            progress.seconds += time.monotonic() - began
            tell(
                Report(
                    epoch=progress.epoch,
                    step=progress.step,
                    steps=steps,
                    losses=dict(progress.losses),
                )
            )
            if progress.step < steps and stop():
                self.save()
                return False
            if time.monotonic() - saved > save_every:
                self.save()
                saved = time.monotonic()
        return True

    def _update_average(self) -> None:
        keep = np.float32(self.config.ema_momentum**_AVERAGE_EVERY)
        for name, array in get_arrays(self.network).items():
            self.average[name] += (np.float32(1.0) - keep) * (array - self.average[name])

    def _evaluate(self) -> dict[str, Any]:
        """Validate both the weights and their average; keep the last average and the best."""
        began = time.monotonic()
        progress = self.progress
        weights, average = get_arrays(self.network), self.average
        scored = [
            ("average", average, self.validate(average)),
            ("weights", weights, self.validate()),
        ]
        write_arrays(self.out / "last.npz", average)
        for _, arrays, found in scored:
            if score(found) > progress.best:
                progress.best = score(found)
                write_arrays(self.out / "best.npz", arrays)
        progress.seconds += time.monotonic() - began
        line = {
            "epoch": progress.epoch,
            "phase": progress.phase,
            "slices": (progress.epoch + 1) * self.config.sampling.epoch_slices,
            "minutes": round(progress.seconds / 60.0, 1),
            "rate": float(keras.ops.convert_to_numpy(self._optimizer.learning_rate)),
            "training": dict(progress.losses),
            **{name: found for name, _, found in scored},
            "score": {name: score(found) for name, _, found in scored},
        }
        progress.history.append(line)
        return line

    def _advance(self) -> None:
        progress = self.progress
        progress.epoch += 1
        progress.phase_epoch += 1
        progress.step = 0
        progress.losses, progress.loss_steps = {}, 0
        if progress.phase_epoch >= self.config.phases[progress.phase].epochs:
            progress.phase, progress.phase_epoch = progress.phase + 1, 0
            if not self.finished:
                self._begin_phase()

    def _chance(self) -> list[Any]:
        """The states of Dropout's random numbers."""
        kept = {id(variable) for variable in self.network.weights}
        return [
            variable
            for layer in self.network.layers
            for variable in layer.variables
            if id(variable) not in kept
        ]
