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
    """probability = doubt + (1 - 2 * doubt) * sigmoid(slope * logit + intercept).

    `doubt` is the share of wrong answers that the images it was fitted on cannot rule out even
    where the network is surest, every slice counted as an image of its own, near-duplicates too: no
    probability is nearer to 0 or to 1 than that. It leaves the
    order of images as it is.

    `identity` has slope 1 and intercept 0. `temperature` (Guo et al. 2017) has slope
    1 / temperature and intercept 0: it leaves the side of 0.5 an image falls on as it is.
    `platt` (Platt 1999) has both free.

    Raises:
        ValueError: the slope is not a positive number (a calibration may not turn the order of
            two images around), the doubt is not between 0 and 0.5, or the parameters do not fit
            the method.
    """

    method: Method = "identity"
    slope: float = 1.0
    intercept: float = 0.0
    doubt: float = 0.0

    def __post_init__(self) -> None:
        if self.method not in ("identity", "temperature", "platt"):
            raise ValueError(f"There is no calibration method {self.method!r}.")
        if not (math.isfinite(self.slope) and self.slope > 0 and math.isfinite(self.intercept)):
            raise ValueError("A calibration needs a positive slope and a finite intercept.")
        if not 0.0 <= self.doubt < 0.5:
            raise ValueError("The doubt of a calibration lies between 0 and 0.5.")
        if self.method == "identity" and (self.slope != 1.0 or self.doubt != 0.0):
            raise ValueError("The identity calibration has slope 1 and no doubt.")
        if self.method != "platt" and self.intercept != 0.0:
            raise ValueError(f"The {self.method} calibration has no intercept.")

    def probability(self, logit: float) -> float:
        """The calibrated probability, 0 to 1, of one finite logit."""
        inside = sigmoid(self.slope * logit + self.intercept)
        return self.doubt + (1.0 - 2.0 * self.doubt) * inside

    def probabilities(self, logits: Float64Array) -> Float64Array:
        """The same for many: shape (N,) to shape (N,)."""
        inside = 0.5 + 0.5 * np.tanh(0.5 * (self.slope * logits + self.intercept))
        return np.asarray(self.doubt + (1.0 - 2.0 * self.doubt) * inside, dtype=np.float64)

    def logit(self, probability: float) -> float:
        """The network's logit behind a calibrated probability: the inverse of `probability`."""
        inside = (probability - self.doubt) / (1.0 - 2.0 * self.doubt)
        return (logit_of(inside) - self.intercept) / self.slope

    def to_json(self) -> dict[str, str | float]:
        """The object that release.json holds under "calibration"."""
        if self.method == "identity":
            return {"method": "identity"}
        value: dict[str, str | float] = {"method": self.method}
        if self.method == "temperature":
            value["temperature"] = 1.0 / self.slope
        else:
            value |= {"slope": self.slope, "intercept": self.intercept}
        return value | ({"doubt": self.doubt} if self.doubt else {})

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Calibration:
        """Read the object that `to_json` writes.

        Raises:
            ValueError: unknown method, or a parameter is missing, not a number or out of range.
        """
        method = value.get("method")
        if method == "identity":
            return cls()
        doubt = _number(value, "doubt") if "doubt" in value else 0.0
        if method == "temperature":
            temperature = _number(value, "temperature")
            if temperature <= 0:
                raise ValueError("The calibration's temperature must be above 0.")
            return cls(method="temperature", slope=1.0 / temperature, doubt=doubt)
        if method == "platt":
            return cls(
                method="platt",
                slope=_number(value, "slope"),
                intercept=_number(value, "intercept"),
                doubt=doubt,
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


def _number(value: Mapping[str, object], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f"The calibration needs a number called {key!r}.")
    return float(number)
