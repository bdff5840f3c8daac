"""The steps from trained weights to a release, each taking the release so far to the next.

What a step does is its owner's: calibration, gate, regions, quantization and parity have modules of
their own in here. This one hands them what they need and writes down what they return.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from ml.architectures.from_keras import WEIGHTS
from ml.architectures.vgg16.architecture import Vgg16
from ml.architectures.vgg16.decoder import DECODER_FILE, read_decoder
from ml.architectures.vgg16.network import INPUT_SIZE, OUTPUT
from ml.architectures.vgg16.weights import read_weights, stored_widths, write_weights
from ml.cli.progress import ProgressBar
from ml.engines import open_engine
from ml.engines.evidence import decoder_evidence
from ml.engines.openvino import adds_8_bits_exactly
from ml.imaging.preprocessing import RECIPES
from ml.metrics.calibration import Calibration
from ml.metrics.classification import Float64Array
from ml.release.parts import Evidence, RegionSettings
from ml.release.releases import Release, ReleaseError, file_sha256, write_release
from ml.training.data.cache import draw_mask
from ml.training.data.described import is_described
from ml.training.data.folder import VALIDATE
from ml.training.data.folders import Folders, as_folders, read_slices
from ml.training.data.manifest import Slice, read_image
from ml.training.loop.checkpoint import write_arrays
from ml.training.release.description import (
    Description,
    preprocessing_of_run,
    read_description,
    run_words,
)
from ml.training.release.evaluate import evaluate
from ml.training.release.export import export

VALIDATION: Final = "val"
LOGITS: Final = "logits.npz"  # in `work`: of the slices to choose by, as weighed
GATE_REPORT: Final = "gate.json"  # in `work`: what the gate's fitting measured, for the card
_BATCH: Final = 8
_DRAFT_THRESHOLD: Final = 0.5
_DRAFT_REGIONS: Final = RegionSettings(file=DECODER_FILE, threshold=0.5, least_cells=4)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What a release is made of.

    Attributes:
        checkpoint: best.npz of a run; None where `weights` is given.
        weights: .npz of the plain network, as `ml.architectures.vgg16.weights` reads it.
        decoder: .npz of the lesion decoder to `weights`, or None for a release without regions.
        evidence: how the classifier of `weights` reads that decoder, or None where it does not; a
            checkpoint says so itself.
        description: as `ml.training.release.description` reads it.
        data: folder or folders as `ml.training.data.folders` reads them.
        out: the release's folder.
        work: what is kept between two calls, and does not belong to the release.
        engine: reads the validation and the test split; one of `ml.engines.CHOICES`.
        card: where the model card goes, or None for beside the figures.
    """

    checkpoint: Path | None
    weights: Path | None
    decoder: Path | None
    description: Path
    data: Folders
    out: Path
    work: Path
    engine: str = "auto"
    card: Path | None = None
    evidence: Evidence | None = None


Step: TypeAlias = Callable[[Inputs, Release], Release]


def draft(inputs: Inputs) -> Release:
    """Write the weights and a release.json that holds no measurement yet.

    Raises:
        ReleaseError: the weights or the description are not what they must be.
    """
    described = read_description(inputs.description)
    _check_preprocessing(inputs, described)
    if inputs.out.is_dir():
        for name in (WEIGHTS, DECODER_FILE):
            (inputs.out / name).unlink(missing_ok=True)
    inputs.out.mkdir(parents=True, exist_ok=True)
    card, evidence = described.card, inputs.evidence
    if inputs.checkpoint is not None:
        evidence = export(inputs.checkpoint, inputs.out)
        words = run_words(inputs.checkpoint)
        card = replace(card, training=f"{card.training} {words}".strip())
    elif inputs.weights is not None:
        weights = read_weights(inputs.weights, widths=stored_widths(inputs.weights))
        write_weights(inputs.out / WEIGHTS, weights)
        if inputs.decoder is not None:
            shutil.copyfile(inputs.decoder, inputs.out / DECODER_FILE)
    else:
        raise ReleaseError("Name the trained weights, with --checkpoint or with --weights.")
    files, widths = {}, stored_widths(inputs.out / WEIGHTS)
    if (inputs.out / DECODER_FILE).is_file():
        # Refuses another architecture now, not at the end.
        read_decoder(inputs.out / DECODER_FILE, widths=widths)
        files[DECODER_FILE] = file_sha256(inputs.out / DECODER_FILE)
    elif evidence is not None:
        raise ReleaseError("A classifier that reads the lesion decoder needs one: name --decoder.")
    release = Release(
        directory=inputs.out,
        name=described.name,
        version=described.version,
        weights=WEIGHTS,
        sha256=file_sha256(inputs.out / WEIGHTS),
        preprocessing=described.preprocessing,
        input_size=INPUT_SIZE,
        threshold=_DRAFT_THRESHOLD,
        calibration=Calibration(),
        gate="none",
        provenance=described.provenance,
        scores=(),
        card=replace(card, testing="Not tested yet."),
        created=datetime.now(tz=UTC).date(),
        architecture=Vgg16().name,
        files=files,
        regions=_DRAFT_REGIONS if files else None,
        widths=widths.in_release,
        evidence=evidence,
    )
    # `weigh` starts from these however often it is done.
    shutil.copyfile(inputs.out / WEIGHTS, inputs.work / WEIGHTS)
    write_release(release)
    return release


def _check_preprocessing(inputs: Inputs, described: Description) -> None:
    """Refuse to serve a network with slices prepared otherwise than those it was trained on."""
    if inputs.checkpoint is None:
        return
    trained = preprocessing_of_run(inputs.checkpoint)
    if trained not in (None, described.preprocessing):
        raise ReleaseError(
            f"{inputs.checkpoint} was trained on slices prepared by {trained!r}, and "
            f"{inputs.description} names {described.preprocessing!r}; correct the description."
        )


def read_validation(inputs: Inputs, release: Release) -> Release:
    """Keep logits and the decoder's maps of the slices to choose by, in `work`."""
    slices = slices_to_choose_by(inputs.data)
    recipe = RECIPES[release.preprocessing]
    engine = open_engine(
        "openvino-f32", release=release
    )  # as the reference, in a third of its time
    progress = ProgressBar("Validation split", total=len(slices))
    logits, maps, masks = [], [], []
    for first in range(0, len(slices), _BATCH):
        part = slices[first : first + _BATCH]
        prepared = [recipe(read_image(item.path)) for item in part]
        output = engine.forward(np.stack([item.tensor for item in prepared]))
        logits.append(output.logits)
        if output.lesion is not None:
            maps.append(output.lesion)
        masks += [
            draw_mask(item.outlines, geometry=one.geometry)
            for item, one in zip(part, prepared, strict=True)
        ]
        progress(first + len(part))
    write_arrays(
        _validation(inputs),
        {
            "logits": np.concatenate(logits),
            "maps": np.concatenate(maps) if maps else np.zeros((0, 0, 0), np.float32),
            "masks": np.stack(masks),
            "evidence_weight": np.float64(release.evidence.weight if release.evidence else 0.0),
        },
    )
    return release


def slices_to_choose_by(data: Folders) -> list[Slice]:
    """The slices by which numbers are chosen that are no weights.

    The split `val`, and what data folders give to be looked at and never to be trained on: sources
    that the network knows nothing of, as it will be in the next hospital.
    """
    slices = read_slices(data, split=VALIDATION)
    if looks_elsewhere(data):
        slices = slices + read_slices(data, split=VALIDATE)
    return slices


def looks_elsewhere(data: Folders) -> bool:
    """Whether a folder gives sources to be looked at and never to be trained on."""
    return any(is_described(folder) for folder in as_folders(data))


def weigh(inputs: Inputs, release: Release) -> Release:
    """Weigh the dense head against the decoder's evidence, where the classifier reads it.

    It starts from the weights as drafted, which `work` keeps, so that doing it again, or going on
    after a stop in the middle, gives the same.

    Raises:
        ReleaseError: neither tells tumors from others.
    """
    from ml.training.fitting.weigh import weigh as weighed

    if release.evidence is None:
        return release
    dense, evidence = _parts_of_logits(inputs)
    slices = slices_to_choose_by(inputs.data)
    try:
        found = weighed(
            dense,
            evidence,
            np.array([item.tumor for item in slices], dtype=bool),
            sources=[item.source for item in slices],
        )
    except ValueError as error:
        raise ReleaseError(str(error)) from error
    drafted = inputs.work / WEIGHTS
    weights = read_weights(drafted, widths=stored_widths(drafted))
    for part in ("kernel", "bias"):
        weights[f"{OUTPUT}/{part}"] = weights[f"{OUTPUT}/{part}"] * np.float32(found.dense)
    write_weights(release.weights_path, weights)
    write_arrays(inputs.work / LOGITS, {"logits": found.dense * dense + found.evidence * evidence})
    return replace(
        release,
        sha256=file_sha256(release.weights_path),
        evidence=Evidence(weight=found.evidence),
    )


def _parts_of_logits(inputs: Inputs) -> tuple[Float64Array, Float64Array]:
    """The dense head's part of each logit as drafted, and the decoder's evidence."""
    with np.load(_validation(inputs), allow_pickle=False) as kept:
        logits, weight = kept["logits"].astype(np.float64), float(kept["evidence_weight"])
        evidence = decoder_evidence(kept["maps"]).astype(np.float64)
    return logits - weight * evidence, evidence


def calibrate(inputs: Inputs, release: Release) -> Release:
    """Fit calibration and threshold on the slices to choose by."""
    from ml.training.fitting.calibrate import Elsewhere
    from ml.training.fitting.calibrate import calibrate as calibrated

    # As weighed, where the classifier has two parts.
    kept = _validation(inputs) if release.evidence is None else inputs.work / LOGITS
    with np.load(kept, allow_pickle=False) as arrays:
        logits = arrays["logits"].astype(np.float64)
    return calibrated(
        release,
        logits=logits,
        slices=slices_to_choose_by(inputs.data),
        elsewhere=Elsewhere(dataset="val and validate") if looks_elsewhere(inputs.data) else None,
    )


def set_regions(inputs: Inputs, release: Release) -> Release:
    """Choose what counts as a suspected region, on the slices to choose by."""
    from ml.training.fitting.regions import fit

    if release.regions is None:
        return release
    slices = slices_to_choose_by(inputs.data)
    with np.load(_validation(inputs), allow_pickle=False) as kept:
        maps, masks = kept["maps"], kept["masks"]
    lesions = [
        mask if item.outlines or not item.tumor else None
        for item, mask in zip(slices, masks, strict=True)
    ]
    return replace(release, regions=fit(maps, lesions, file=release.regions.file).settings)


def add_gate(inputs: Inputs, release: Release) -> Release:
    """Fit the gate on the training split, and name it; its figures are kept in `work`."""
    from ml.training.fitting.gate import fit_gate

    return fit_gate(release=release, data=inputs.data, report_to=inputs.work / "gate.json")


def quantize(inputs: Inputs, release: Release) -> Release:
    """Add the 8-bit numbers, made with training slices; not where nobody could measure them."""
    from ml.training.fitting.quantize import quantize as quantized

    if not adds_8_bits_exactly():
        sys.stderr.write(
            "This processor does not add 8-bit products exactly (VNNI), so the 8-bit engine could "
            "not be compared; the release goes without it.\n"
        )
        return release

    return quantized(release=release, data=inputs.data)


def compare_engines(inputs: Inputs, release: Release) -> Release:
    """Record how far each engine is from the reference, on the test split."""
    from ml.training.evaluation.parity import measure

    return measure(release=release, data=inputs.data)


def scan_again(inputs: Inputs, release: Release) -> Release:
    """Record by how much a probability differs on a second scan, on slices of the test split."""
    from ml.training.evaluation.repeatability import measure

    return measure(release=release, data=inputs.data, engine=inputs.engine)


def evaluate_release(inputs: Inputs, release: Release) -> Release:
    """Measure the release on the test split; its figures become part of it."""
    return evaluate(
        release.directory,
        data=inputs.data,
        engine=inputs.engine,
        card=inputs.card,
        store=inputs.work / "passes",
        described=read_description(inputs.description),
    )


def evaluate_left_out(inputs: Inputs, release: Release) -> Release:
    """Measure the release on what may be looked at and never enters weights, where there is any."""
    if not looks_elsewhere(inputs.data):
        return release
    report = inputs.work / GATE_REPORT
    return evaluate(
        release.directory,
        data=inputs.data,
        engine=inputs.engine,
        card=inputs.card,
        split=VALIDATE,
        gate_report=report if report.is_file() else None,
        store=inputs.work / "passes",
        described=read_description(inputs.description),
    )


def _validation(inputs: Inputs) -> Path:
    return inputs.work / "validation.npz"
