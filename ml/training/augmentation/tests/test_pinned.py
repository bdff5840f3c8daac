"""What the three sets make of a phantom, as it was before they became one library.

The figures in metrics.json and the gate's statistics were measured with these changes, so they stay
as they are. Each output is pinned by its size, mean, spread and center of brightness, not a hash:
the fast paths that NumPy and OpenCV take on another processor round a gray level in a million the
other way, which moves none of these beyond the tolerance.

    PYTHONPATH=. python ml/training/augmentation/tests/test_pinned.py

writes the numbers anew, for who changes a set on purpose.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ml.imaging.phantom import draw_phantom
from ml.training.augmentation.gate_set import GATE, change_some, turn
from ml.training.augmentation.robustness_set import ROBUSTNESS
from ml.training.augmentation.settings import Augmentation
from ml.training.augmentation.training_set import augment

PINNED = Path(__file__).with_name("pinned.json")
WIDE = draw_phantom(seed=3, size=240)[:, :200].copy()
SQUARE = draw_phantom(seed=3, size=224)
MASK = np.zeros((224, 224), np.uint8)
MASK[90:120, 60:100] = 1


def robustness() -> Iterator[tuple[str, np.ndarray]]:
    color = np.repeat(WIDE[..., None], 3, axis=2)
    for perturbation in ROBUSTNESS:
        yield perturbation.name, perturbation.apply(WIDE)
        yield f"{perturbation.name}, color", perturbation.apply(color)


def gate() -> Iterator[tuple[str, np.ndarray]]:
    for seed in range(3):
        for perturbation in GATE:
            rng = np.random.default_rng(seed)
            yield f"{perturbation.name} {seed}", perturbation.apply(WIDE, rng)
    for seed in range(8):
        yield f"some {seed}", change_some(WIDE, np.random.default_rng(seed))
    for turns in range(4):
        yield f"turned {turns}", turn(WIDE, turns, mirrored=False)
        yield f"turned {turns}, mirrored", turn(WIDE, turns, mirrored=True)


def training() -> Iterator[tuple[str, np.ndarray]]:
    for seed in range(20):
        for name, mask in (("", None), (", mask", MASK)):
            rng = np.random.default_rng(seed)
            picture, moved = augment(SQUARE, mask, settings=Augmentation(), rng=rng)
            yield f"{seed}{name}", picture * 255.0
            if moved is not None:
                yield f"{seed}, the mask", moved * 255.0


SETS = {"robustness": robustness, "gate": gate, "training": training}


def signature(image: np.ndarray) -> list[float]:
    """Height, width, mean, spread, and the center of brightness in thousandths of the sides."""
    gray = image.astype(np.float64).reshape(*image.shape[:2], -1).mean(axis=2)
    sums = gray.sum(axis=1), gray.sum(axis=0)
    centers = [
        1000.0 * float(line @ np.linspace(0.0, 1.0, len(line))) / max(float(line.sum()), 1.0)
        for line in sums
    ]
    return [*gray.shape, *(round(float(one), 3) for one in (gray.mean(), gray.std(), *centers))]


@pytest.mark.parametrize("name", SETS)
def test_a_set_changes_an_image_as_it_did(name):
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))[name]
    found = {key: signature(image) for key, image in SETS[name]()}

    assert found.keys() == pinned.keys()
    for key, numbers in found.items():
        assert numbers == pytest.approx(pinned[key], abs=0.02), key


if __name__ == "__main__":
    numbers = {
        name: {key: signature(image) for key, image in make()} for name, make in SETS.items()
    }
    lines = [
        f'"{name}": {{\n'
        + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in of.items())
        + "\n}"
        for name, of in numbers.items()
    ]
    PINNED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
