"""The model as one object: pixels in, a prediction or an abstention out."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from ml import engines
from ml.architectures import class_map_of
from ml.architectures.contract import ClassMap
from ml.gate import Gate, GateResult, Refusal, open_gate
from ml.gate.emptiness import nothing_to_read
from ml.imaging.heatmap import heatmap_in_image_grid
from ml.imaging.pixels import Float32Array, Pixels, Uint8Array, check_pixels
from ml.imaging.preprocessing import RECIPES, Prepared, Recipe
from ml.imaging.regions import Region, find_regions
from ml.metrics.calibration import logit_of
from ml.release.releases import Release, ReleaseUnsupportedError, read_release
from ml.series import SliceEvidence, evidence_of

Label: TypeAlias = Literal["tumor", "no_tumor"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """The model's opinion on one image.

    Attributes:
        probability: calibrated probability that the image shows a tumor, 0 to 1.
        label: "tumor" where probability >= threshold, else "no_tumor".
        confidence: the calibrated probability of that label, 0 to 1: `probability` for "tumor",
            1 - `probability` for "no_tumor". With a threshold other than 0.5 it can be below 0.5.
        threshold: the release's threshold.
        heatmap: where the model looked, Grad-CAM of the tumor logit whatever the label;
            uint8, shape (H, W) of the image given, its hottest pixel 255, all 0 where nothing in
            the image spoke for a tumor.
        heatmap_peak: (x, y) of the hottest pixel, or None where the heatmap is all 0.
        engine: the engine that ran the network.
        model_ms: wall time from pixels to this result, in milliseconds, without the wait while
            another thread had the network.
        regions: suspected regions, whatever the label, the highest score first; None where the
            release has no lesion decoder.
        distance: how far the image lies from those the model has learnt from, below 1; None where
            the release's gate does not measure it.
        evidence: what the statement on the slice's series is made of; None where the release makes
            none.
    """

    probability: float
    label: Label
    confidence: float
    threshold: float
    heatmap: Uint8Array
    heatmap_peak: tuple[int, int] | None
    engine: str
    model_ms: float
    regions: tuple[Region, ...] | None = None
    distance: float | None = None
    evidence: SliceEvidence | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Abstention:
    """No opinion on one image: a result of its own, not a failure.

    Attributes:
        reason: a code from `ml.gate.Reason`.
        sentence: the same for the user, as a full sentence.
        engine: the engine that ran the network, or would have.
        model_ms: as for `Prediction`.
        distance: as for `Prediction`, where the gate had come to measure it; may be 1 and more.
        evidence: as for `Prediction`.
    """

    reason: str
    sentence: str
    engine: str
    model_ms: float
    distance: float | None = None
    evidence: SliceEvidence | None = None


class Predictor:
    """A loaded model release. Loading takes seconds, so a worker loads it once and keeps it.

    It may be called from several threads: the network runs for one of them at a time, since it
    takes all cores, while the others prepare what comes next.
    """

    def __init__(
        self,
        *,
        release: Release,
        engine: engines.Engine,
        recipe: Recipe,
        gate: Gate,
        class_map: ClassMap,
        evidence: bool = False,
    ) -> None:
        self.release = release
        self._engine = engine
        self._recipe = recipe
        self._gate = gate
        self._class_map = class_map
        self._evidence = evidence or release.series is not None
        self._one_pass = threading.Lock()

    @classmethod
    def load(cls, release_dir: Path, *, engine: str = "auto", evidence: bool = False) -> Predictor:
        """Check a release and load it, warmed up.

        Args:
            release_dir: the folder with release.json and the weights.
            engine: one of `ml.engines.CHOICES`.
            evidence: give the evidence of slices also where the release makes no statement on a
                series; it is what its rule is fitted on.

        Raises:
            ReleaseError: the release is missing, malformed, altered or not supported here.
            EngineError: the engine does not exist or is not installed.
        """
        release = read_release(release_dir)
        recipe = RECIPES.get(release.preprocessing)
        if recipe is None:
            raise ReleaseUnsupportedError(
                f"{release} asks for {release.preprocessing!r}, which this version of NeuroScan "
                "does not have; update NeuroScan or choose another release."
            )
        gate = open_gate(release)
        return cls(
            release=release,
            engine=engines.open_engine(engine, release=release),
            recipe=recipe,
            gate=gate,
            class_map=class_map_of(release),
            evidence=evidence,
        )

    @property
    def engine(self) -> str:
        """The name of the engine that runs the network."""
        return self._engine.name

    def predict(self, pixels: Pixels) -> Prediction | Abstention:
        """Read one image.

        Args:
            pixels: uint8 or uint16, shape (H, W) for gray or (H, W, 3) for RGB.

        Raises:
            PixelsError: the array is not such an image.
            ArithmeticError: the network returned something that is not a number.
        """
        return self.predict_many([pixels])[0]

    def predict_many(self, images: Sequence[Pixels]) -> list[Prediction | Abstention]:
        """Read several images in one forward pass; `model_ms` is then each one's equal share.

        Args:
            images: each as for `predict`; sizes may differ. About 45 MB of memory an image.

        Raises:
            PixelsError, ArithmeticError: as for `predict`.
        """
        started = time.perf_counter()
        for pixels in images:
            check_pixels(pixels)
        looks = [self._look(pixels) for pixels in images]
        readable = [
            (image, seen.described)
            for image, seen in zip(images, looks, strict=True)
            if not seen.refusal
        ]
        answers, waited = self._read(readable)
        read = iter(answers)
        results = [
            self._abstain(seen.refusal, distance=seen.distance)
            if seen.refusal
            else _with_distance(next(read), seen.distance)
            for seen in looks
        ]
        share = (time.perf_counter() - started - waited) * 1000.0 / max(1, len(images))
        return [replace(result, model_ms=share) for result in results]

    def _look(self, pixels: Pixels) -> GateResult:
        """What can be said before the network is run."""
        empty = nothing_to_read(pixels)
        return GateResult(refusal=empty) if empty else self._gate.before(pixels)

    def _read(
        self, images: Sequence[tuple[Pixels, Float32Array | None]]
    ) -> tuple[list[Prediction | Abstention], float]:
        """Read what may be read, each image with what the gate described of it.

        Returns:
            The answers, and the seconds it waited for the network.
        """
        if not images:
            return [], 0.0
        prepared = [self._recipe(pixels) for pixels, _ in images]
        batch = np.stack([item.tensor for item in prepared])
        asked = time.perf_counter()
        with self._one_pass:
            waited = time.perf_counter() - asked
            output = self._engine.forward(batch)
        if not np.isfinite(output.logits).all():
            raise ArithmeticError(f"{self.release} returned something that is not a number.")
        cams = self._class_map(maps=output.maps, hidden=output.hidden, shares=output.shares)
        results = [
            self._result(item, output=output, row=row, cam=cams[row], described=described)
            for row, (item, (_, described)) in enumerate(zip(prepared, images, strict=True))
        ]
        return results, waited

    def _result(
        self,
        prepared: Prepared,
        *,
        output: engines.EngineOutput,
        row: int,
        cam: Float32Array,
        described: Float32Array | None,
    ) -> Prediction | Abstention:
        checked = self._gate.after(
            tensor=prepared.tensor, maps=output.maps[row], described=described
        )
        if checked.refusal is not None:
            return self._abstain(checked.refusal, distance=checked.distance)
        probability = self.release.calibration.probability(float(output.logits[row]))
        tumor = probability >= self.release.threshold
        heatmap, peak = heatmap_in_image_grid(cam, geometry=prepared.geometry)
        return Prediction(
            probability=probability,
            label="tumor" if tumor else "no_tumor",
            confidence=probability if tumor else 1.0 - probability,
            threshold=self.release.threshold,
            heatmap=heatmap,
            heatmap_peak=peak,
            engine=self.engine,
            model_ms=0.0,
            regions=self._regions(output, row=row, prepared=prepared),
            distance=checked.distance,
            evidence=self._evidence_of(output, row=row, prepared=prepared),
        )

    def _evidence_of(
        self, output: engines.EngineOutput, *, row: int, prepared: Prepared
    ) -> SliceEvidence | None:
        if not self._evidence:
            return None
        calibration, settings = self.release.calibration, self.release.regions
        return evidence_of(
            logit=calibration.slope * float(output.logits[row]) + calibration.intercept,
            lesion=None if output.lesion is None else output.lesion[row],
            geometry=prepared.geometry,
            level=0.0 if settings is None else logit_of(settings.threshold),
        )

    def _regions(
        self, output: engines.EngineOutput, *, row: int, prepared: Prepared
    ) -> tuple[Region, ...] | None:
        settings = self.release.regions
        if output.lesion is None or settings is None:
            return None
        return find_regions(
            output.lesion[row],
            geometry=prepared.geometry,
            threshold=settings.threshold,
            least_cells=settings.least_cells,
        )

    def _abstain(self, refusal: Refusal, *, distance: float | None = None) -> Abstention:
        return Abstention(
            reason=str(refusal.reason),
            sentence=refusal.sentence,
            engine=self.engine,
            model_ms=0.0,
            distance=distance,
            evidence=SliceEvidence.without_opinion(str(refusal.reason)) if self._evidence else None,
        )


def _with_distance(
    result: Prediction | Abstention, distance: float | None
) -> Prediction | Abstention:
    """The result with what the gate measured before the network, unless it did after it."""
    return result if result.distance is not None else replace(result, distance=distance)
