"""Make a release of trained weights: calibrate, fit, quantize, compare, evaluate, write the folder.

    python -m ml.training.make_release --checkpoint var/training/RUN/best.npz --data DIR --out DIR

The same command again goes on where it was stopped: a step is done anew only if what it depends on
has changed. `--only STEP` does one step in any case, for who changed its code; the steps that read
what it gives are then to be done anew. `--until STEP` (several times) does no step but these and
what they rest on, for a network that is to read and not to be shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ml.engines import CHOICES, EngineError
from ml.release.parts import Evidence
from ml.release.releases import Release, ReleaseError, file_sha256, read_release, write_release
from ml.training.data.arguments import add_data_argument
from ml.training.data.folders import as_folders, tables_of
from ml.training.data.manifest import DataError
from ml.training.release import steps
from ml.training.release.evaluate import DESCRIPTION
from ml.training.release.steps import Inputs, Step

DRAFT: Final = "draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A step, the steps whose results it reads, and what else was asked of it.

    Attributes:
        asked: names of attributes of `Inputs`: another value, and the step is done anew.
    """

    run: Step
    after: tuple[str, ...]
    asked: tuple[str, ...] = ()


# In the order in which they are run.
PLAN: Final[Mapping[str, Planned]] = {
    "validation": Planned(run=steps.read_validation, after=(DRAFT,)),
    "weigh": Planned(run=steps.weigh, after=("validation",)),
    "calibrate": Planned(run=steps.calibrate, after=("weigh",)),
    "regions": Planned(run=steps.set_regions, after=("validation",)),
    "gate": Planned(run=steps.add_gate, after=(DRAFT,)),
    "quantize": Planned(run=steps.quantize, after=("weigh", "regions")),
    "engines": Planned(run=steps.compare_engines, after=("calibrate", "quantize")),
    "repeatability": Planned(run=steps.scan_again, after=("gate", "engines"), asked=("engine",)),
    "left-out": Planned(
        run=steps.evaluate_left_out, after=("gate", "engines"), asked=("engine", "card")
    ),
    "evaluate": Planned(
        run=steps.evaluate_release, after=("gate", "engines"), asked=("engine", "card")
    ),
}


def make_release(
    inputs: Inputs,
    *,
    only: str | None = None,
    until: Sequence[str] = (),
    plan: Mapping[str, Planned] = PLAN,
) -> Release:
    """Write a release folder, or what is still missing in it.

    Args:
        inputs: what it is made of.
        only: a name in `plan`: do that step, and no other.
        until: names in `plan`: do no step but these and those they rest on; empty for all.
        plan: the steps after the draft.

    Raises:
        ReleaseError: the weights or the description do not fit, a release that this command did
            not make lies in the folder, or `only` asks for a step whose inputs are not there.
        EngineError, DataError: as the steps do.
    """
    inputs.work.mkdir(parents=True, exist_ok=True)
    done = _Done(inputs.work / "steps.json")
    keys = {DRAFT: _key_of_inputs(inputs)}
    if done.has(DRAFT, keys[DRAFT]):
        release = read_release(inputs.out)
    else:
        if only is not None:
            raise ReleaseError(f"The step {only!r} has nothing to go on: run all steps first.")
        _check_own(inputs.out, done=done)
        _say(DRAFT)
        release = steps.draft(inputs)
        done.set(DRAFT, keys[DRAFT])
    wanted = _rests_on(until, plan) if until else set(plan)
    for name, step in plan.items():
        if name not in wanted:
            continue
        asked = [str(getattr(inputs, each)) for each in step.asked]
        keys[name] = _key([name, *(keys[before] for before in step.after), *asked])
        if only == name or (only is None and not done.has(name, keys[name])):
            _say(name)
            release = step.run(inputs, release)
            write_release(release)
            done.set(name, keys[name])
            done.forget(_readers(name, plan))
    return release


def _rests_on(names: Sequence[str], plan: Mapping[str, Planned]) -> set[str]:
    """These steps and the ones whose results they read, at first or at second hand."""
    found, more = set[str](), list(names)
    while more:
        name = more.pop()
        if name != DRAFT and name not in found:
            found.add(name)
            more += plan[name].after
    return found


def _readers(name: str, plan: Mapping[str, Planned]) -> list[str]:
    """The steps that read what a step gives, at first or at second hand."""
    found = [name]
    for other, step in plan.items():
        if set(step.after) & set(found):
            found.append(other)
    return found[1:]


class _Done:
    """Which steps were done, and with which inputs; kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, str] = {}
        if path.is_file():
            self._keys = json.loads(path.read_text(encoding="utf-8"))

    def __bool__(self) -> bool:
        return bool(self._keys)

    def has(self, name: str, key: str) -> bool:
        return self._keys.get(name) == key

    def set(self, name: str, key: str) -> None:
        # A draft begins anew: what was measured on another one is of no use.
        self._keys = {name: key} if name == DRAFT else {**self._keys, name: key}
        self._write()

    def forget(self, names: Sequence[str]) -> None:
        self._keys = {name: key for name, key in self._keys.items() if name not in names}
        self._write()

    def _write(self) -> None:
        self._path.write_text(json.dumps(self._keys, indent=1), encoding="utf-8")


def _key_of_inputs(inputs: Inputs) -> str:
    sources = (inputs.checkpoint, inputs.weights, inputs.decoder, inputs.description)
    tables = [table for folder in as_folders(inputs.data) for table in tables_of(folder)]
    files = [path for path in (*sources, *tables) if path is not None]
    parts = [file_sha256(path) if path.is_file() else f"no {path}" for path in files]
    return _key(parts if inputs.evidence is None else [*parts, repr(inputs.evidence)])


def _key(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _check_own(out: Path, *, done: _Done) -> None:
    """Releases are frozen: only a folder that this command began is written again."""
    if (out / "release.json").exists() and not done:
        raise ReleaseError(f"{out} already holds a release; choose another folder.")


def _say(name: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {name}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.checkpoint is not None and options.evidence is not None:
        parser.error("--evidence is for --weights: a checkpoint says its own.")
    out: Path = options.out
    inputs = Inputs(
        checkpoint=options.checkpoint,
        weights=options.weights,
        decoder=options.decoder,
        description=options.description,
        data=options.data,
        out=out,
        work=options.work or out.with_name(f"{out.name}.work"),
        engine=options.engine,
        card=options.card,
        evidence=None if options.evidence is None else Evidence(weight=options.evidence),
    )
    try:
        release = make_release(inputs, only=options.only, until=options.until)
    except (DataError, EngineError, ReleaseError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{release} is in {release.directory}.\n")
    return 0


def _step(name: str) -> str:
    """The step of that name; what is called evaluate was called judge until release 2.1.0."""
    return "evaluate" if name == "judge" else name


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number.")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.make_release",
        description="Make a release of trained weights, or go on with one that was begun.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path, help="best.npz of a training run")
    source.add_argument("--weights", type=Path, help=".npz of the plain network")
    parser.add_argument("--decoder", type=Path, help=".npz of the lesion decoder to --weights")
    parser.add_argument(
        "--evidence", type=_finite, help="its weight in the logit of --weights, as export says it"
    )
    parser.add_argument(
        "--description", type=Path, default=DESCRIPTION, help="JSON: name, version, card"
    )
    add_data_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="release folder to make")
    parser.add_argument("--work", type=Path, help="for what is kept between two calls")
    parser.add_argument("--card", type=Path, help="where the model card goes")
    parser.add_argument("--engine", choices=CHOICES, default="auto", help="that is evaluated")
    some = parser.add_mutually_exclusive_group()
    some.add_argument("--only", type=_step, choices=list(PLAN), help="one step, in any case")
    some.add_argument(
        "--until",
        type=_step,
        choices=list(PLAN),
        action="append",
        default=[],
        help="no step but this and what it rests on; several times",
    )
    return parser
