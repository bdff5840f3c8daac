"""A model that needs no network, for tests of what is counted from its answers."""

import numpy as np

from ml.predictor import Abstention, Prediction
from ml.release.releases import read_release


class FakePredictor:
    """Finds a tumor where something is bright, and has no opinion on the darkest images."""

    engine = "fake"

    def __init__(self, directory):
        self.release = read_release(directory)
        self.asked = 0

    def predict_many(self, images):
        self.asked += len(images)
        return [self._one(image) for image in images]

    def _one(self, image):
        bright = float((image > 200).mean())
        if image.mean() < 5:
            return Abstention(
                reason="unreadable_contrast",
                sentence="Too dark.",
                engine="fake",
                model_ms=1.0,
                distance=None,
            )
        probability = 1.0 / (1.0 + float(np.exp(-200.0 * (bright - 0.02))))
        tumor = probability >= 0.5
        return Prediction(
            probability=probability,
            label="tumor" if tumor else "no_tumor",
            confidence=max(probability, 1.0 - probability),
            threshold=0.5,
            heatmap=image if image.ndim == 2 else image[..., 0],
            heatmap_peak=(80, 80),
            engine="fake",
            model_ms=1.0,
            regions=(),
            distance=None,
        )
