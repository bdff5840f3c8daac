"""From a logit to a probability one may read as a frequency."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Float64Array: TypeAlias = npt.NDArray[np.float64]
Method: TypeAlias = Literal["identity", "temperature", "platt"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """probability = sigmoid(slope * logit + intercept).

    `identity` has slope 1 and intercept 0. `temperature` (Guo et al. 2017) has slope
    1 / temperature and intercept 0: it leaves the side of 0.5 an image falls on as it is.
    `platt` (Platt 1999) has both free.

    Raises:
        ValueError: the slope is not a positive number (a calibration may not turn the order of
            two images around), or the parameters do not fit the method.
    """

    method: Method = "identity"
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in ("identity", "temperature", "platt"):
            raise ValueError(f"There is no calibration method {self.method!r}.")
        if not (math.isfinite(self.slope) and self.slope > 0 and math.isfinite(self.intercept)):
            raise ValueError("A calibration needs a positive slope and a finite intercept.")
        if self.method == "identity" and self.slope != 1.0:
            raise ValueError("The identity calibration has slope 1.")
        if self.method != "platt" and self.intercept != 0.0:
            raise ValueError(f"The {self.method} calibration has no intercept.")

    def probability(self, logit: float) -> float:
        """The calibrated probability, 0 to 1, of one finite logit."""
        return sigmoid(self.slope * logit + self.intercept)

    def to_json(self) -> dict[str, str | float]:
        """The object that release.json holds under "calibration"."""
        if self.method == "identity":
            return {"method": "identity"}
        if self.method == "temperature":
            return {"method": "temperature", "temperature": 1.0 / self.slope}
        return {"method": "platt", "slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Calibration:
        """Read the object that `to_json` writes.

        Raises:
            ValueError: unknown method, or a parameter is missing, not a number or out of range.
        """
        method = value.get("method")
        if method == "identity":
            return cls()
        if method == "temperature":
            temperature = _number(value, "temperature")
            if temperature <= 0:
                raise ValueError("The calibration's temperature must be above 0.")
            return cls(method="temperature", slope=1.0 / temperature)
        if method == "platt":
            return cls(
                method="platt", slope=_number(value, "slope"), intercept=_number(value, "intercept")
            )
        raise ValueError(f"There is no calibration method {method!r}.")


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow for any finite logit."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    return math.exp(logit) / (1.0 + math.exp(logit))


def logit_of(probability: float) -> float:
    """The inverse of `sigmoid`; a probability of 0 or 1 is moved inside by 1e-12."""
    inside = min(max(probability, 1e-12), 1.0 - 1e-12)
    return math.log(inside) - math.log1p(-inside)


def fit_temperature(logits: Float64Array, truths: npt.NDArray[np.bool_]) -> Calibration:
    """The temperature that minimizes the negative log-likelihood (Guo et al. 2017).

    Args:
        logits: shape (N,), uncalibrated.
        truths: shape (N,), True where the image shows a tumor; both values must occur.

    Returns:
        A `temperature` calibration, the temperature between 0.05 and 20.

    Raises:
        ValueError: the shapes differ, or only one of the two classes is there.
    """
    if logits.shape != truths.shape or logits.ndim != 1:
        raise ValueError("Logits and truths must be two lists of one length.")
    if truths.all() or not truths.any():
        raise ValueError("A temperature can only be fitted on images of both classes.")
    signed = np.where(truths, logits, -logits)

    def loss(log_slope: float) -> float:
        return float(np.logaddexp(0.0, -math.exp(log_slope) * signed).mean())

    # The loss is convex in the slope, so it has one minimum in its logarithm too, and a
    # golden-section search finds it.
    low, high = math.log(0.05), math.log(20.0)
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    while high - low > 1e-6:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return Calibration(method="temperature", slope=math.exp((low + high) / 2.0))


def _number(value: Mapping[str, object], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"The calibration needs a number called {key!r}.")
    return float(number)
