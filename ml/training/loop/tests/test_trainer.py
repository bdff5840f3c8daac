"""A small network trained for a few steps on phantoms."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from ml.training.data.cache import Cache
from ml.training.loop.checkpoint import Progress, load_state, save_state
from ml.training.loop.config import Config, Phase
from ml.training.loop.network import get_arrays
from ml.training.loop.trainer import STATE, Report, Trainer
from ml.training.tests.data import small_config

pytestmark = pytest.mark.long

CONFIG = small_config(
    phases=(
        Phase(epochs=1, rate=1e-2, frozen_blocks=5),
        Phase(epochs=1, rate=1e-3, warm_up=1, decay_share=0.5),
    )
)
# One convolution a block: TensorFlow takes seconds to trace all thirteen.
FEWER_BLOCKS = ((64,), (64,), (128,), (128,), (128,))


def ignore(value: object) -> None:
    """Tell nobody."""


@pytest.fixture(scope="module", autouse=True)
def _fewer_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.loop.network.BLOCKS", FEWER_BLOCKS)
        yield


@dataclass(frozen=True)
class Run:
    trainer: Trainer
    first: dict[str, np.ndarray]  # before training
    middle: dict[str, np.ndarray]  # after the first phase
    killed: Path  # a copy of the folder in the middle of the second phase
    reports: list[Report]


@pytest.fixture(scope="module")
def whole(cache: Cache, tmp_path_factory) -> Run:
    """A run that saves after every step, as it would look to somebody killing it then."""
    out, killed = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("killed")
    trainer = Trainer(config=CONFIG, cache=cache, out=out)
    trainer.start({})
    first, middle, reports = get_arrays(trainer.network), {}, []

    def tell(report: Report) -> None:
        reports.append(report)
        if (report.epoch, report.step) == (1, 2):
            shutil.copy(out / STATE, killed / STATE)  # as saved after step 1

    def on_epoch(line: object) -> None:
        middle.update({} if middle else get_arrays(trainer.network))

    trainer.run(tell=tell, on_epoch=on_epoch, stop=lambda: False, save_every=0.0)
    return Run(trainer=trainer, first=first, middle=middle, killed=killed, reports=reports)


@pytest.fixture(scope="module")
def resumed(whole: Run, cache: Cache) -> Trainer:
    trainer = Trainer(config=CONFIG, cache=cache, out=whole.killed)
    assert trainer.resume()
    assert (trainer.progress.phase, trainer.progress.step) == (1, 1)
    trainer.run(tell=ignore, on_epoch=ignore, stop=lambda: False)
    return trainer


def test_a_killed_and_resumed_run_ends_where_an_unbroken_one_does(whole, resumed):
    first, second = get_arrays(whole.trainer.network), get_arrays(resumed.network)

    for name in first:
        assert np.allclose(first[name], second[name], atol=1e-5), name
        average = whole.trainer.average[name]
        assert np.allclose(average, resumed.average[name], atol=1e-5), name
    assert len(resumed.progress.history) == 2


def test_the_history_has_a_line_an_epoch_with_every_figure(whole):
    text = (whole.trainer.out / "history.jsonl").read_text(encoding="utf-8")

    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1]
    for line in lines:
        for kind in ("weights", "average"):
            assert {
                "loss",
                "auc",
                "family_auc",
                "accuracy",
                "mask_pointing",
                "cam_pointing",
            } <= set(line[kind])
        assert {"loss", "bin_loss", "typ_loss", "seg_loss", "cam_loss"} <= set(line["training"])


def test_the_best_and_the_last_weights_are_kept(whole):
    names = set(get_arrays(whole.trainer.network))

    for file in ("best.npz", "last.npz"):
        with np.load(whole.trainer.out / file) as arrays:
            assert set(arrays.files) == names


def test_frozen_blocks_do_not_change(whole):
    changed = {
        name for name in whole.first if not np.array_equal(whole.first[name], whole.middle[name])
    }

    assert "dense/0" in changed
    assert not any(name.startswith("block") for name in changed)


def test_the_next_phase_trains_every_block(whole):
    last = get_arrays(whole.trainer.network)

    assert all(
        not np.array_equal(whole.middle[name], last[name]) for name in last if name.endswith("/0")
    )


def test_a_finished_run_has_nothing_left_to_do(whole, cache):
    again = Trainer(config=CONFIG, cache=cache, out=whole.trainer.out)

    assert again.resume()
    assert again.finished
    again.run(tell=ignore, on_epoch=ignore, stop=lambda: False)
    assert len(again.progress.history) == 2


@pytest.fixture
def copied(whole: Run, tmp_path: Path) -> Path:
    """A copy of the folder of the finished run."""
    shutil.copy(whole.trainer.out / STATE, tmp_path / STATE)
    return tmp_path


def longer(epochs: int) -> Config:
    first, last = CONFIG.phases
    return replace(CONFIG, phases=(first, replace(last, epochs=epochs)))


def test_a_finished_run_trains_on_when_it_is_to_have_more_epochs(copied, cache):
    again = Trainer(config=longer(2), cache=cache, out=copied)

    assert again.resume()
    assert not again.finished
    again.run(tell=ignore, on_epoch=ignore, stop=lambda: False)

    assert [line["epoch"] for line in again.progress.history] == [0, 1, 2]
    assert [line["phase"] for line in again.progress.history] == [0, 1, 1]
    assert int(again._optimizer.iterations) == 4  # of two epochs in the last phase


def test_a_run_that_is_to_have_fewer_epochs_than_it_has_is_over(copied, cache):
    again = Trainer(config=longer(3), cache=cache, out=copied)
    again.resume()
    again.save()
    shorter = Trainer(config=longer(1), cache=cache, out=copied)

    shorter.resume()

    assert shorter.finished


def test_the_losses_of_a_resumed_epoch_are_those_of_the_whole_epoch(whole, resumed):
    first, second = (one.progress.history[-1]["training"] for one in (whole.trainer, resumed))

    assert second == pytest.approx(first, rel=1e-4)


def test_a_broken_write_leaves_the_state_before(tmp_path, monkeypatch):
    path = tmp_path / STATE
    save_state(path, arrays={"a": np.ones(3)}, progress=Progress(step=7))

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(OSError, match="disk full"):
        save_state(path, arrays={"a": np.zeros(3)}, progress=Progress(step=8))

    arrays, progress = load_state(path)
    assert progress.step == 7
    assert arrays["a"].sum() == 3


def test_progress_is_told_after_every_step(whole):
    steps = [(report.epoch, report.step, report.steps) for report in whole.reports]

    assert steps == [(0, 1, 2), (0, 2, 2), (1, 1, 2), (1, 2, 2)]
    assert all(np.isfinite(report.losses["loss"]) for report in whole.reports)


def test_the_losses_of_an_epoch_add_up_over_its_steps(whole):
    line = whole.trainer.progress.history[-1]["training"]

    parts = (
        line["bin_loss"]
        + CONFIG.type_weight * line["typ_loss"]
        + CONFIG.mask_weight * line["seg_loss"]
        + CONFIG.pointing_weight * line["cam_loss"]
    )
    assert line["loss"] == pytest.approx(parts, rel=1e-3)
    assert whole.reports[-1].losses == line
