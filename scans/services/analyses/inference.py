"""The adapter to `ml`: the one module of the Django side that imports it."""

import functools
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from ml.card import FIRST, Section, sections
from ml.card.charts import Chart
from ml.card.content import SCHEMAS
from ml.card.metric_charts import draw_charts
from ml.engines import CHOICES, EngineError
from ml.imaging.overlay import COLOR_MAPS, blend, encode_png
from ml.imaging.preprocessing import ask_for_preprocessing
from ml.imaging.regions import Region
from ml.metrics.intervals import wilson_interval
from ml.predictor import Abstention, Prediction, Predictor
from ml.release import releases
from ml.release.releases import ReleaseError
from ml.series import FAILED as SLICE_FAILED
from ml.series import NoOpinion, SeriesContext, SeriesOpinion, SeriesRule, SliceEvidence, assess
from ml.series.rule import read_rule

__all__ = [
    "SLICE_FAILED",
    "Abstention",
    "Chart",
    "EngineError",
    "NoOpinion",
    "Prediction",
    "Predictor",
    "Region",
    "ReleaseError",
    "ReleaseFacts",
    "Section",
    "SeriesContext",
    "SeriesOpinion",
    "SeriesRule",
    "SliceEvidence",
    "ask_for_preprocessing",
    "assess_series",
    "color_maps",
    "engine_names",
    "heatmap_png",
    "is_read_first",
    "load_predictor",
    "measured_facts",
    "overlay_png",
    "read_release",
    "release_from_keras",
    "release_metrics",
    "series_rule",
    "train",
    "verify_release",
    "wilson_interval",
]

OVERLAY_COLOR_MAP = "warm_cool"
OVERLAY_OPACITY = 0.5
METRICS = "metrics.json"
_loading = threading.Lock()


@dataclass(frozen=True)
class ReleaseFacts:
    """The facts of a release that its row holds: `manifest` is its release.json."""

    name: str
    version: str
    sha256: str
    threshold: float
    manifest: dict[str, Any]


def read_release(directory: Path) -> ReleaseFacts:
    """The facts of the release in this folder, all its files checked. Raises `ReleaseError`."""
    return _facts(_checked(directory))


def verify_release(directory: Path, *, sha256: str) -> None:
    """Raise `ReleaseError` unless the folder holds the release with exactly these weights."""
    _require_weights(_checked(directory), sha256=sha256)


def _checked(directory: Path, *, apart_from: str = "") -> releases.Release:
    release = releases.read_release(directory)
    releases.verify(release, files=[name for name in release.files if name != apart_from])
    return release


def _require_weights(release: releases.Release, *, sha256: str) -> None:
    if release.sha256 != sha256:
        raise ReleaseError(
            f"The weights in {release.directory} are not the ones that were registered. "
            "Restore the folder of this release, or activate another release."
        )


def load_predictor(directory: Path, *, sha256: str) -> Predictor:
    """Return the loaded model of a release, cached for the life of the process.

    Raises `ReleaseError`, also where the folder holds other weights than these, and `EngineError`
    where no engine that `NEUROSCAN_ENGINE` allows can run here.

    Two are cached: the active release, and the one before it, whose queued analyses still come in.
    """
    with _loading:  # the heartbeat and a task may call at once; a model is loaded only once
        return _load(directory, sha256)


@functools.lru_cache(maxsize=2)
def _load(directory: Path, sha256: str) -> Predictor:
    # Figures that were altered are not shown, but stop no analysis.
    _require_weights(_checked(directory, apart_from=METRICS), sha256=sha256)
    return Predictor.load(directory, engine=settings.ENGINE)


def series_rule(manifest: Mapping[str, Any]) -> SeriesRule | None:
    """The rule that a release has for whole series, from its release.json; None without one.

    None as well for a rule of a later version of NeuroScan, which this one cannot compute.
    """
    section = manifest.get("series")
    if section is None:
        return None
    try:
        return read_rule(section)
    except ValueError:
        return None


def assess_series(
    evidence: Mapping[int, SliceEvidence], *, context: SeriesContext, rule: SeriesRule
) -> SeriesOpinion | NoOpinion:
    """What the rule states of a series, from the evidence of its slices by their place."""
    return assess(evidence, context=context, rule=rule)


def release_from_keras(
    *,
    source: Path,
    target: Path,
    name: str,
    version: str,
    preprocessing: str,
    threshold: float,
    provenance: str,
    positive_class: int,
    known_tumor: Sequence[Path] = (),
    known_no_tumor: Sequence[Path] = (),
) -> ReleaseFacts:
    """Convert a Keras file into a release folder, and compare it with images that are known.

    Raises `ReleaseError`.
    """
    # h5py is the worker's, not the web's.
    from ml.architectures.from_keras import release_from_keras as convert
    from ml.engines.known_images import KnownImages, check_known_images

    release = convert(
        source=source,
        target=target,
        name=name,
        version=version,
        preprocessing=preprocessing,
        threshold=threshold,
        provenance=provenance,
        positive_class=positive_class,
    )
    known = KnownImages(tumor=known_tumor, no_tumor=known_no_tumor)
    if known:
        check_known_images(release, known)
    return _facts(release)


def release_metrics(directory: Path, *, manifest: Any) -> dict[str, Any] | None:
    """What was measured of a release, as it was registered: the content of its metrics.json.

    None where the release came without, where its folder is not on this machine, or where the file
    is not the one that `manifest`, its release.json, names: altered figures are not shown.
    """
    files = manifest.get("files") if isinstance(manifest, dict) else None
    digest = files.get(METRICS) if isinstance(files, dict) else None
    if not isinstance(digest, str):
        return None
    try:
        content = (directory / METRICS).read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != digest:
        return None
    metrics = json.loads(content)
    known = isinstance(metrics, dict) and metrics.get("schema") in SCHEMAS
    return metrics if known else None


def measured_facts(
    directory: Path, *, manifest: dict[str, Any], metrics: dict[str, Any]
) -> list[tuple[Section, list[Chart]]]:
    """The sections of the model card with their plots, for a page, in the order of reading.

    Raises `ReleaseError` where the two do not make a card.
    """
    try:
        release = releases.parse_release(directory, manifest)
        charts = {chart.name: chart for chart in draw_charts(metrics)}
        found = sections(release, metrics)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ReleaseError(f"The figures in {directory} cannot be shown: {error!r}.") from error
    return [
        (section, [charts[name] for name in section.charts if name in charts]) for section in found
    ]


def is_read_first(section: Section) -> bool:
    """Whether a section of the card belongs before what the release says of itself."""
    return section.name in FIRST


def train(arguments: Sequence[str]) -> int:
    """Train a model as `python -m ml.training.train` does; returns the exit status."""
    from ml.training.train import main  # only here: TensorFlow is no part of the web process

    return main(list(arguments))


def engine_names() -> list[str]:
    """What NEUROSCAN_ENGINE may be."""
    return list(CHOICES)


def heatmap_png(heatmap: NDArray[np.uint8]) -> bytes:
    """The heatmap as one 8-bit channel."""
    return encode_png(heatmap)


def overlay_png(pixels: NDArray[Any], heatmap: NDArray[np.uint8]) -> bytes:
    """The heatmap colored over the image, RGB, in the image's own pixel grid."""
    return encode_png(blend(pixels, heatmap, color_map=OVERLAY_COLOR_MAP, opacity=OVERLAY_OPACITY))


def color_maps() -> dict[str, NDArray[np.uint8]]:
    """Each color map as (256, 3) RGB, from heat 0 to heat 255."""
    return dict(COLOR_MAPS)


def _facts(release: releases.Release) -> ReleaseFacts:
    description = (release.directory / releases.DESCRIPTION).read_text(encoding="utf-8")
    return ReleaseFacts(
        name=release.name,
        version=release.version,
        sha256=release.sha256,
        threshold=release.threshold,
        manifest=json.loads(description),
    )
