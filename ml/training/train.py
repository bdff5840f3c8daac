"""Train the model.

    python -m ml.training.train --data DIR --out DIR [--recipe NAME] [--init FILE]

The same command again resumes a run that was stopped. docs/training.md has the whole story.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml.manifest import DataError
from ml.training.config import RECIPES, Config
from ml.training.folder import read_folder

if TYPE_CHECKING:
    from ml.training.loop import Report

CONFIG = "config.json"


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    # Before TensorFlow is imported, which reads them once.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    from ml.training.initial import InitError

    try:
        _train(options)
    except (DataError, InitError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


class SettingsError(Exception):
    """The settings do not fit the run; the message is a full sentence."""


def _train(options: argparse.Namespace) -> None:
    from ml.training.cache import open_cache
    from ml.training.initial import IMAGENET, read_start
    from ml.training.loop import Trainer

    options.out.mkdir(parents=True, exist_ok=True)
    config = settled(options)
    say = _Speaker()
    items = read_folder(options.data, seed=config.seed)
    cache = open_cache(items, folder=options.out / "cache", progress=say.preparing)
    trainer = Trainer(config=config, cache=cache, out=options.out)
    if trainer.resume():
        say(f"Going on at epoch {trainer.progress.epoch}, step {trainer.progress.step}.")
    else:
        source = options.init or (IMAGENET if config.recipe == "transfer" else None)
        without = trainer.start(read_start(source, config=config) if source else {})
        say(f"Starting from {source or 'random weights'}; at random: {', '.join(without) or '-'}.")
        trainer.write_sampling()
        if source:
            say(f"Before training: {json.dumps(trainer.validate())}")
    trainer.run(tell=say.step, told=lambda line: say(json.dumps(line)), stop=_stopper(options))
    say("The run is over." if trainer.finished else "Stopped; the same command goes on from here.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.train",
        description="Train the model, or go on with a run: --out holds all of a run's state.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of images")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="continue")
    parser.add_argument("--init", help="weights to start from: .npz, .h5 or 'imagenet'")
    parser.add_argument("--seed", type=int, help="default 1")
    parser.add_argument("--batch", type=int, help="slices in a step")
    parser.add_argument("--epoch-slices", type=int, help="slices in an epoch")
    parser.add_argument(
        "--epochs", type=int, help="epochs of the last phase; may be raised when resuming"
    )
    parser.add_argument("--rate", type=float, help="learning rate of the last phase")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--minutes", type=float, help="stop, resumable, after so long")
    return parser


def settled(options: argparse.Namespace) -> Config:
    """The settings of the run: those stored with it, or new ones, which are then stored."""
    path: Path = options.out / CONFIG
    stored = None
    if path.is_file():
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
    path.write_text(json.dumps(config.to_json(), indent=1), encoding="utf-8")
    return config


def changed(config: Config, options: argparse.Namespace) -> Config:
    """A recipe with what the command line asks for put in."""
    if options.seed is not None:
        config = replace(config, seed=options.seed)
    if options.batch is not None:
        config = replace(config, batch=options.batch)
    if options.epoch_slices is not None:
        sampling = replace(config.sampling, epoch_slices=options.epoch_slices)
        config = replace(config, sampling=sampling)
    last = config.phases[-1]
    if options.epochs is not None:
        last = replace(last, epochs=options.epochs)
    if options.rate is not None:
        last = replace(last, rate=options.rate)
    return replace(config, phases=(*config.phases[:-1], last))


def _stopper(options: argparse.Namespace) -> Callable[[], bool]:
    """True once the time is over or somebody asked for a stop (SIGTERM, SIGINT)."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: asked.append(received))
    end = time.monotonic() + 60.0 * options.minutes if options.minutes else float("inf")
    return lambda: bool(asked) or time.monotonic() > end


class _Speaker:
    """Says how it goes: a progress bar on a terminal, now and then a line in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, text: str) -> None:
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
        sys.stdout.flush()

    def preparing(self, done: int, total: int) -> None:
        self._show("Preparing", done, total, "")

    def step(self, report: Report) -> None:
        name = f"Epoch {report.epoch}"
        losses = " ".join(f"{part} {value:.3f}" for part, value in report.losses.items())
        self._show(name, report.step, report.steps, losses)

    def _show(self, name: str, done: int, total: int, note: str) -> None:
        if self._terminal:
            filled = 30 * done // total
            sys.stderr.write(f"\r{name} [{'=' * filled:<30}] {done}/{total} {note} ")
            sys.stderr.write("\n" if done == total else "")
            sys.stderr.flush()
        elif done == total or time.monotonic() - self._last > 60.0:
            self._last = time.monotonic()
            self(f"{name} {done}/{total} {note}")


if __name__ == "__main__":
    sys.exit(main())
