"""Train the model.

    python -m ml.training.train --data DIR [--data DIR] --out DIR [--recipe NAME] [--init FILE]

The same command again resumes a run that was stopped. docs/training.md has the whole story.
Exit status 0: the run is over; 1: it cannot be done so; 2: the arguments are no good; 124: the
time of --minutes is over; 128 + N: signal N stopped it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ml.cli.arguments import above_zero, whole_above_zero, whole_from_zero
from ml.cli.progress import ProgressBar
from ml.training.data.arguments import add_data_argument, add_hold_out_argument, named
from ml.training.data.folder import ASIDE
from ml.training.data.folders import read_folders, training_set
from ml.training.data.manifest import DataError
from ml.training.loop.checkpoint import write_text
from ml.training.loop.config import RECIPES, Config

if TYPE_CHECKING:
    from ml.imaging.pixels import Float32Array
    from ml.training.data.folder import Labeled
    from ml.training.loop.trainer import Report

CONFIG: Final = "config.json"
STATE: Final = "state.npz"  # the loop's; here as well, so that settings are read without Keras
MEASURED: Final = "measured"  # the precision that is faster here
_OF_ANY_MACHINE: Final = frozenset({"search", "release"})  # whose precision is measured
TIME_OVER: Final = 124  # as of `timeout`
SIGNALED: Final = 128  # plus the signal's number, as shells have it


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, as the module says."""
    options = _parser().parse_args(arguments)
    # Before TensorFlow is imported, which reads them once.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    from ml.training.loop.initial import InitError

    try:
        return _train(options)
    except (DataError, InitError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


class SettingsError(Exception):
    """The settings do not fit the run; the message is a full sentence."""


def _train(options: argparse.Namespace) -> int:
    from ml.training.data.cache import open_cache
    from ml.training.loop.initial import IMAGENET, InitError, read_start
    from ml.training.loop.origin import same_data, write_origin
    from ml.training.loop.trainer import Trainer
    from ml.training.loop.unit_variance import training_sample

    _make_folder(options.out)
    config = settled(options)
    say = _Speaker()
    items = _training_set(options, seed=config.seed, say=say)
    if (options.out / STATE).is_file() and not same_data(options.out, items=items):
        raise SettingsError(
            f"{options.out} holds a run with other data than {named(options.data)} has now. "
            "Name that data with --data, or another folder with --out to start anew."
        )
    cache = open_cache(
        items,
        folder=options.out / "cache",
        progress=say.preparing,
        preprocessing=config.preprocessing,
    )
    wanted = options.dtype or (MEASURED if config.recipe in _OF_ANY_MACHINE else config.dtype)
    if wanted == MEASURED and not (options.out / STATE).is_file():
        config = _measured(config, say=say)

    def sample() -> Float32Array:
        return training_sample(cache, size=config.size, seed=config.seed)

    trainer = Trainer(config=config, cache=cache, out=options.out)
    if trainer.resume():
        say(f"Going on at epoch {trainer.progress.epoch}, step {trainer.progress.step}.")
    else:
        source = options.init or (IMAGENET if config.recipe == "transfer" else None)
        try:
            without = trainer.start(
                read_start(source, config=config, sample=sample) if source else {}
            )
        except (ValueError, KeyError, IndexError) as error:
            reason = " ".join(str(error).split())
            raise InitError(
                f"{source} is of another network than the recipe {config.recipe!r} trains: {reason}"
            ) from error
        write_origin(options.out, items=items, source=source)
        say(f"Starting from {source or 'random weights'}; at random: {', '.join(without) or '-'}.")
        trainer.write_sampling()
        if source:
            say(f"Before training: {json.dumps(trainer.validate())}")
    # Not before: a start that was refused leaves nothing that a better one would have to fit.
    write_text(options.out / CONFIG, json.dumps(config.to_json(), indent=1))
    stopper = _Stopper(minutes=options.minutes)
    trainer.run(tell=say.step, on_epoch=lambda line: say(json.dumps(line)), stop=stopper)
    say("The run is over." if trainer.finished else "Stopped; the same command goes on from here.")
    return 0 if trainer.finished else stopper.status


def _measured(config: Config, *, say: _Speaker) -> Config:
    """Choose the precision by the pace, and say what the run will take."""
    from ml.training.loop.pace import compare_precisions, faster, measure_pace, plan

    paces = compare_precisions(config)
    config = replace(config, dtype=faster(paces))
    compared = ", ".join(f"{dtype} {pace:.1f}" for dtype, pace in paces.items())
    say(f"Slices a second at 64 px: {compared}.")
    say(plan(config, pace=measure_pace(config)))
    return config


def _training_set(options: argparse.Namespace, *, seed: int, say: _Speaker) -> list[Labeled]:
    """The slices of the run, checked; those that are put aside are not prepared either."""
    items = read_folders(
        options.data,
        seed=seed,
        hold_out=options.hold_out,
        exceptions=not options.without_exceptions,
    )
    # Beside the run's other state; thumbnails take minutes where there are many slices.
    store = options.out / "thumbnails.npz"
    items, copies = training_set(items, without_copies=options.leave_out_copies, store=store)
    if copies:
        say(f"Near-duplicates of other splits that are not trained on: {copies}.")
    return [item for item in items if item.split != ASIDE]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be the folder of a run: {error.strerror}. Name another with --out."
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.train",
        description="Train the model, or go on with a run: --out holds all of a run's state.",
    )
    add_data_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    add_hold_out_argument(parser)
    parser.add_argument(
        "--leave-out-copies",
        action="store_true",
        help="leave near-duplicates of other splits out of training instead of refusing to train",
    )
    parser.add_argument(
        "--without-exceptions",
        action="store_true",
        help="leave the files listed in ml/training/data/exceptions.csv out of training",
    )
    parser.add_argument(
        "--balance",
        choices=("families", "strata"),
        help="what an epoch is balanced within (default families)",
    )
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="continue")
    parser.add_argument("--init", help="weights to start from: .npz, .h5 or 'imagenet'")
    parser.add_argument(
        "--width-divisor",
        type=whole_above_zero,
        help="divides the channels of every convolution: 2 trains half of VGG16",
    )
    parser.add_argument(
        "--dtype",
        choices=(MEASURED, "float32", "mixed_bfloat16"),
        help=f"precision; {MEASURED!r} trains a few steps in each, takes the faster one, and "
        "says what the run will take (default for search and release; else the recipe's)",
    )
    parser.add_argument("--seed", type=whole_from_zero, help="default 1")
    parser.add_argument("--batch", type=whole_above_zero, help="slices in a step")
    parser.add_argument("--epoch-slices", type=whole_above_zero, help="slices in an epoch")
    parser.add_argument(
        "--epochs",
        type=whole_above_zero,
        help="epochs of the last phase; may be raised when resuming, also after the last one",
    )
    parser.add_argument("--rate", type=above_zero, help="learning rate of the last phase")
    parser.add_argument(
        "--threads", type=whole_above_zero, default=2, help="CPU threads (default 2)"
    )
    parser.add_argument("--minutes", type=above_zero, help="stop, resumable, after so long")
    return parser


def settled(options: argparse.Namespace) -> Config:
    """The settings of the run: those stored with it, or new ones.

    Those of a run that has no state yet, because it never got so far, bind nobody.
    """
    path: Path = options.out / CONFIG
    stored = None
    if path.is_file() and (options.out / STATE).is_file():
        try:
            stored = Config.from_json(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise SettingsError(
                f"{path} is of another version of the training code: {error} Name another folder "
                f"with --out, and start from {options.out / 'best.npz'} with --init."
            ) from error
        if stored.recipe != options.recipe:
            raise SettingsError(
                f"{options.out} holds a run of the recipe {stored.recipe!r}; name that one with "
                "--recipe, or another folder with --out."
            )
    config = changed(stored or RECIPES[options.recipe], options)
    if stored and replace(config, phases=stored.phases) != stored:
        raise SettingsError(
            f"{options.out} holds a run with other settings; only --epochs and --rate may be "
            "changed when going on. Name another folder with --out to start anew."
        )
    if config.batch > config.sampling.epoch_slices:
        raise SettingsError(
            f"An epoch of {config.sampling.epoch_slices} slices has no whole batch of "
            f"{config.batch}: nothing would be trained. Raise --epoch-slices or lower --batch."
        )
    return config


def changed(config: Config, options: argparse.Namespace) -> Config:
    """A recipe with what the command line asks for put in."""
    if options.seed is not None:
        config = replace(config, seed=options.seed)
    if options.batch is not None:
        config = replace(config, batch=options.batch)
    if options.width_divisor is not None:
        config = replace(config, width_divisor=options.width_divisor)
    if options.dtype not in (None, MEASURED):
        config = replace(config, dtype=options.dtype)
    if options.epoch_slices is not None:
        sampling = replace(config.sampling, epoch_slices=options.epoch_slices)
        config = replace(config, sampling=sampling)
    if options.balance is not None:
        config = replace(config, sampling=replace(config.sampling, balance=options.balance))
    last = config.phases[-1]
    if options.epochs is not None:
        last = replace(last, epochs=options.epochs)
    if options.rate is not None:
        last = replace(last, rate=options.rate)
    return replace(config, phases=(*config.phases[:-1], last))


class _Stopper:
    """True once the time is over or somebody asked for a stop (SIGTERM, SIGINT)."""

    def __init__(self, *, minutes: float | None) -> None:
        self._asked: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, frame: self._asked.append(received))
        self._end = time.monotonic() + 60.0 * minutes if minutes else float("inf")

    def __call__(self) -> bool:
        return bool(self._asked) or time.monotonic() > self._end

    @property
    def status(self) -> int:
        """The exit status of a run that was stopped."""
        return SIGNALED + self._asked[0] if self._asked else TIME_OVER


class _Speaker:
    """Says how it goes: lines with the time of day, and a progress bar for each stretch of work."""

    def __init__(self) -> None:
        self._bar: ProgressBar | None = None

    def __call__(self, text: str) -> None:
        self.close()
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        sys.stdout.flush()

    def preparing(self, done: int, total: int) -> None:
        self._show("Preparing", done, total, "")

    def step(self, report: Report) -> None:
        losses = " ".join(f"{part} {value:.3f}" for part, value in report.losses.items())
        self._show(f"Epoch {report.epoch}", report.step, report.steps, losses)

    def close(self) -> None:
        """Leave a bar that was begun as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self, name: str, done: int, total: int, note: str) -> None:
        if self._bar is None or self._bar.name != name:
            self.close()
            self._bar = ProgressBar(name, total=total)
        self._bar(done, note)
