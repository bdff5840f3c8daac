"""The arguments of every command that reads data folders."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, which may be given several times; its value is a list of folders."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        action="append",
        metavar="DIR",
        help="data folder; given several times, the folders are read as one data set",
    )


def add_hold_out_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--hold-out`, which may be given several times; its value is a list of names."""
    parser.add_argument(
        "--hold-out",
        action="append",
        default=[],
        metavar="NAME",
        help="a source that is left out of training, or a fold of sources such as fold-2-of-5",
    )


def named(folders: list[Path]) -> str:
    """Data folders in a sentence."""
    return " and ".join(str(folder) for folder in folders)
