"""Read images from the command line, without a database and without Django.

    python -m ml.predict FILE... [--json] [--heatmap-dir DIR] [--engine NAME] [--release DIR]

One line, or one JSON object, for each file, in their order and as soon as it is read; what is in
them: docs/command-line.md. Exit status 0: every file was read; 1: some were not; 2: nothing could
start.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ml.engines import CHOICES, EngineError
from ml.imaging import formats
from ml.imaging.overlay import encode_png
from ml.imaging.pixels import Pixels
from ml.imaging.regions import Region
from ml.predictor import Abstention, Prediction, Predictor
from ml.release.releases import SHIPPED, ReleaseError

INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


class OutputError(Exception):
    """A heatmap cannot be written; the message is a full sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name need not be text
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow reads it when imported
    try:
        return _run(options)
    except (EngineError, ReleaseError, OutputError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the files that are not listed were not read.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads the lines has enough. What is left in the buffer must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def records(
    predictor: Predictor, paths: Sequence[str], *, heatmap_dir: Path | None = None
) -> Iterator[dict[str, Any]]:
    """What the model says of each file, one by one.

    Args:
        predictor: the loaded release.
        paths: the files, as the caller names them; one may be named twice.
        heatmap_dir: an existing folder for heatmaps, or None to write none.

    Yields:
        For each path an object of plain JSON values, the same keys in each.
    """
    names = _heatmap_names(paths, folder=heatmap_dir)
    for path, target in zip(paths, names, strict=True):
        started = time.perf_counter()
        record = _empty_record(path, predictor=predictor)
        try:
            record |= _outcome(predictor.predict(_read(path)), target=target)
        except (formats.Refusal, OutputError) as error:
            record |= {"error": str(error)}
        except Exception as error:  # OpenCV and the engines have errors of their own
            words = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            record |= {"error": f"The model could not be run on this image: {words}."}
        record["milliseconds"] = round((time.perf_counter() - started) * 1000.0, 1)
        yield record
        if target is not None and record["heatmap"] is None and target.is_file():
            # It is the user's file, so it stays; but nobody may take it for this run's.
            sys.stderr.write(
                f"{_printable(str(target))} is of an earlier run: this run has no heatmap of "
                f"{_printable(path)}. Delete it, or name another folder with --heatmap-dir.\n"
            )


def _read(path: str) -> Pixels:
    if not path:  # which a Path takes for the folder at hand
        raise formats.Refusal("no_file", "The name is empty.", f"Name a {formats.names()} image.")
    return formats.read_path(Path(path)).image.pixels


def _run(options: argparse.Namespace) -> int:
    folder: Path | None = options.heatmap_dir
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"Heatmaps cannot be written to {folder}: {error.strerror}. "
                "Name another folder with --heatmap-dir."
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(
                f"Heatmaps cannot be written to {folder}: it is not writable. "
                "Name another folder with --heatmap-dir."
            )
    predictor = Predictor.load(options.release, engine=options.engine)
    failed = False
    for record in records(predictor, options.files, heatmap_dir=folder):
        failed = failed or record["status"] == "failed"
        line = json.dumps(record, allow_nan=False) if options.json else _line(record)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml.predict",
        description=f"Read brain MRI slices ({formats.names()}). "
        "What the model says is a suggestion, not a diagnosis.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"a {formats.names()} image")
    parser.add_argument("--json", action="store_true", help="one JSON object a file and line")
    parser.add_argument(
        "--heatmap-dir", type=_folder, metavar="DIR", help="write NAME-heatmap.png files here"
    )
    parser.add_argument(
        "--engine", default="auto", metavar="NAME", help=f"one of: {', '.join(CHOICES)}"
    )
    parser.add_argument(
        "--release", type=Path, default=SHIPPED, metavar="DIR", help="a release's folder"
    )
    return parser


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("name a folder; it is empty")
    return Path(text)


def _empty_record(path: str, *, predictor: Predictor) -> dict[str, Any]:
    return {
        "path": path,
        "status": "failed",
        "label": None,
        "probability": None,
        "confidence": None,
        "threshold": None,
        "abstain_reason": None,
        "message": None,
        "distance": None,
        "heatmap_peak": None,
        "heatmap": None,
        "regions": None,
        "model_release": str(predictor.release),
        "engine": predictor.engine,
        "milliseconds": None,
        "error": None,
    }


def _outcome(result: Prediction | Abstention, *, target: Path | None) -> dict[str, Any]:
    if isinstance(result, Abstention):
        return {
            "status": "abstained",
            "abstain_reason": result.reason,
            "message": result.sentence,
            "distance": result.distance,
        }
    if target is not None:
        try:
            _write(target, encode_png(result.heatmap))
        except OSError as error:
            raise OutputError(
                f"The heatmap cannot be written to {target}: {error.strerror}."
            ) from error
    return {
        "status": "completed",
        "label": result.label,
        "probability": result.probability,
        "confidence": result.confidence,
        "threshold": result.threshold,
        "distance": result.distance,
        "heatmap_peak": None if result.heatmap_peak is None else list(result.heatmap_peak),
        "heatmap": None if target is None else str(target),
        "regions": None if result.regions is None else [_region(one) for one in result.regions],
    }


def _write(target: Path, content: bytes) -> None:
    """Put a file in the place of another, never into it: it may have a second name (a hard link)
    under which it is one of those to be read."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _region(region: Region) -> dict[str, Any]:
    return {
        "polygon": [[x, y] for x, y in region.polygon],
        "score": region.score,
        "area_px": region.area_px,
    }


def _heatmap_names(paths: Sequence[str], *, folder: Path | None) -> list[Path | None]:
    """A name of its own for each file's heatmap: NAME-heatmap.png, NAME-2-heatmap.png, ...

    Known before anything is read, so that a file that fails changes no other's name. Never the
    name of a file that is to be read.
    """
    if folder is None:
        return [None] * len(paths)
    taken = {_comparable(path) for path in paths}
    names: list[Path | None] = []
    for path in paths:
        stem, number = Path(path).stem, 1
        target = folder / f"{stem}-heatmap.png"
        while _comparable(target) in taken:
            number += 1
            target = folder / f"{stem}-{number}-heatmap.png"
        taken.add(_comparable(target))
        names.append(target)
    return names


def _comparable(path: str | Path) -> str:
    """The same for every way to write one file's name."""
    try:
        resolved = Path(path).resolve()  # a folder may be a link, or be left again by ".."
    except (OSError, RuntimeError, ValueError):  # no such file can be: a loop, a null character
        resolved = Path(path).absolute()
    return str(resolved).casefold()  # many file systems ignore the case


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def _line(record: dict[str, Any]) -> str:
    path = _printable(record["path"])
    if record["status"] == "failed":
        return f"{path}: failed: {record['error']}"
    by = f"{record['model_release']}, {record['engine']}, {record['milliseconds']:.0f} ms"
    if record["status"] == "abstained":
        return f"{path}: no AI opinion ({record['abstain_reason']}): {record['message']} [{by}]"
    label = {"tumor": "tumor", "no_tumor": "no tumor"}[record["label"]]
    regions = record["regions"]
    peak = record["heatmap_peak"]
    found = "" if peak is None else f", heatmap's peak at ({peak[0]}, {peak[1]})"
    found += "" if regions is None else f", suspected regions: {len(regions)}"
    return (
        f"{path}: AI suggestion: {label}, confidence {_percent(record['confidence'])}, "
        f"probability of a tumor {_probability(record['probability'])}, "
        f"threshold {record['threshold']:.3f}{found} [{by}]"
    )


def _percent(share: float) -> str:
    """With one decimal, and never 100 %: no model is certain."""
    if round(share, 3) >= 1.0:
        return ">99.9 %"
    return "<0.1 %" if round(share, 3) <= 0.0 else f"{100.0 * share:.1f} %"


def _probability(value: float) -> str:
    """With three decimals, and never a flat 0 or 1."""
    if round(value, 3) >= 1.0:
        return ">0.999"
    return "<0.001" if round(value, 3) <= 0.0 else f"{value:.3f}"
