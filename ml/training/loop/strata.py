"""Say what data folders hold by source, sequence, level and skull, and what each tells.

    python -m ml.training.strata --data DIR [--data DIR] [--hold-out NAME]

The first tables count slices by split and stratum. The last says how well the best guess from one
stratum alone does, with both labels weighing the same: 50 % is chance. It says so of the split
`train` as it is, and of an epoch as each way of balancing draws it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from ml.cli.arguments import whole_above_zero
from ml.training.data.arguments import add_data_argument, add_hold_out_argument
from ml.training.data.balanced import draw_balanced_epoch
from ml.training.data.folder import Labeled
from ml.training.data.folders import read_folders, training_set
from ml.training.data.manifest import DataError
from ml.training.data.sampling import Sampling, draw_epoch, make_pools
from ml.training.data.strata import STRATA, counted, guesses_in_epoch, guesses_in_split

STORE: Final = Path("var/thumbnails.npz")
_SEED: Final = 1


def count_tables(items: Sequence[Labeled], *, sampling: Sampling) -> list[str]:
    """Lines of Markdown: for each stratum a table of slices by split."""
    families = make_pools(items, sampling=sampling).families
    lines: list[str] = []
    for name in STRATA:
        lines += [f"| split | {name} | tumor | no tumor |", "|---|---|---|---|"]
        for (split, stratum), (tumors, others) in counted(
            items, families=families, name=name
        ).items():
            lines.append(f"| {split} | {stratum} | {tumors} | {others} |")
        lines.append("")
    return lines


def guess_table(items: Sequence[Labeled], *, sampling: Sampling) -> list[str]:
    """Lines of Markdown: the best guess from one stratum alone, for each way of drawing."""
    pools = make_pools(items, sampling=sampling)
    families = pools.families
    paired = replace(sampling, mixed_share=1.0)
    by_family = draw_epoch(pools, items=items, sampling=sampling, seed=_SEED, epoch=0)
    rows = {
        "as it is": guesses_in_split(items, families=families, split="train"),
        "balanced by family": guesses_in_epoch(by_family, items=items, families=families),
    }
    for said, settings, plant in (
        ("balanced by stratum", sampling, False),
        ("balanced by stratum, cells of both labels alone", paired, False),
        ("balanced by stratum, with planted lesions", sampling, True),
    ):
        epoch = draw_balanced_epoch(items, sampling=settings, seed=_SEED, epoch=0, plant=plant)
        rows[said] = guesses_in_epoch(epoch, items=items, families=families)
    lines = [f"| train | {' | '.join(STRATA)} |", "|---" * (len(STRATA) + 1) + "|"]
    for said, told in rows.items():
        lines.append(f"| {said} | {' | '.join(f'{100 * told[name]:.1f} %' for name in STRATA)} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    sampling = replace(Sampling(), epoch_slices=options.epoch_slices)
    try:
        items = read_folders(
            options.data,
            seed=_SEED,
            hold_out=options.hold_out,
            exceptions=not options.without_exceptions,
        )
        items, _ = training_set(items, without_copies=True, store=options.store)
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    lines = [*count_tables(items, sampling=sampling), *guess_table(items, sampling=sampling)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.training.strata",
        description="Count slices by stratum, and say what each stratum tells about the label.",
    )
    add_data_argument(parser)
    add_hold_out_argument(parser)
    parser.add_argument("--without-exceptions", action="store_true", help="put them aside")
    parser.add_argument("--epoch-slices", type=whole_above_zero, default=3000)
    parser.add_argument("--store", type=Path, default=STORE, help="for thumbnails")
    return parser
