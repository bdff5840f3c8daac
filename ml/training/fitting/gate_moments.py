"""The numbers of the gate `brain-mri-2`, from means and covariances of groups of images.

A group is a stratum of brain slices or a source of other things. Of each, its mean and covariance
are taken, and nothing else goes into the fit: no image is stored, and there is no descent along a
gradient. So sources that may give statistics alone (`ml.training.data.provenance`) take part.

1. Descriptions are standardized by the mean and spread of all groups.
2. Directions: Fisher's linear discriminants between the groups (Rao 1948; the covariance within
   groups shrunk toward a multiple of the identity), and the main directions of all.
3. Landmarks are drawn from the normal distribution of each group there.
4. Shares solve the ridge regression of +1 (brain) and -1 (other) on the kernels to the landmarks:
   the solution of the groups' second moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.gate.brain_mri_2 import CLIP, LIMIT, BrainMri2, landmark_kernels
from ml.gate.slice_descriptors import BLOCKS
from ml.imaging.pixels import Float32Array
from ml.training.fitting.gate_samples import DRAWN, Sample, Samples

_FEWEST: Final = 16  # descriptions, of a group whose own covariance is used for its landmarks
_FAINT: Final = 0.03  # added to the spread: a number that hardly varies is not blown up


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was chosen by leaving kinds and sources out, and by `validate`.

    Attributes:
        discriminants, main: how many directions of either sort.
        main_weight: how far the main directions move two images, beside the discriminants.
        shrinkage: of the covariance within groups, 0 to 1.
        landmarks: about how many.
        reach: squared width of the kernel over the median squared distance of brain slices.
        ridge: over the mean of the second moments' diagonal.
        base: similarity of what is far from everything.
        evenness: a group's weight grows with its number to this power.
        real: weight of a real image of other things over a drawing.
    """

    discriminants: int = 40
    main: int = 60
    main_weight: float = 0.8
    shrinkage: float = 0.4
    landmarks: int = 700
    reach: float = 1.0
    ridge: float = 1e-5
    base: float = -0.5
    evenness: float = 0.6
    real: float = 4.0


# How much a block counts before the covariances do: many edges tell less each than few textures.
_BLOCK_WEIGHTS: Final = {
    "edges": 0.6,
    "thumbnail": 0.7,
    "shells": 1.2,
    "grays": 1.0,
    "texture": 1.5,
    "outline": 1.2,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """A stratum's descriptions, its share of all weight (1 in sum), and whether it is brain."""

    rows: Float32Array
    share: float
    brain: bool


def fit_similarity(
    samples: Samples,
    *,
    chosen: Sequence[int],
    settings: Settings | None = None,
    seed: int = 1,
) -> dict[str, np.ndarray]:
    """Fit the kernel machine, its limit at 0.

    Args:
        samples: descriptions; those chosen must be of the split "train".
        chosen: places in `samples` to fit on, of brain slices and of other things.
        settings: other than those that were chosen.
        seed: of the landmarks: the same seed and samples give the same numbers.

    Returns:
        The arrays of `ml.gate.brain_mri_2`.

    Raises:
        ValueError: an image was chosen that may only be looked at, or one side is empty.
    """
    settings = settings or Settings()
    groups = _groups(samples, chosen, settings=settings)
    mean, scale = _standard(groups)
    groups = [
        _Group(
            rows=np.clip((group.rows - mean) * scale, -CLIP, CLIP),
            share=group.share,
            brain=group.brain,
        )
        for group in groups
    ]
    axes = _directions(groups, settings=settings)
    # In half precision, as they are stored: the shares are fitted to what will be compared with.
    axes = axes.astype(np.float16).astype(np.float32)
    groups = [
        _Group(rows=group.rows @ axes, share=group.share, brain=group.brain) for group in groups
    ]
    landmarks = _landmarks(groups, settings=settings, seed=seed)
    gamma = 1.0 / (settings.reach * _spread_of_brains(groups))
    shares = _regression(groups, landmarks, gamma=gamma, settings=settings)
    return {
        "mean": mean.astype(np.float32),
        "scale": scale.astype(np.float32),
        "axes": axes.astype(np.float16),
        "landmarks": landmarks.astype(np.float16),
        "shares": shares.astype(np.float32),
        "gamma": np.array(gamma, np.float32),
        "base": np.array(settings.base, np.float32),
        LIMIT: np.array(0.0, np.float32),
    }


def similarities(arrays: dict[str, np.ndarray], described: Float32Array) -> Float32Array:
    """What the gate with these numbers says of each description, shape (N,)."""
    return BrainMri2(arrays).similarities(described)


def group_of(row: Sample) -> str:
    """The name of a sample's group."""
    return row.stratum if row.brain else f"{row.kind}/{row.source}"


def _groups(samples: Samples, chosen: Sequence[int], *, settings: Settings) -> list[_Group]:
    places: dict[tuple[bool, str], list[int]] = {}
    for place in chosen:
        row = samples.rows[place]
        if row.use == "look" or row.split != "train":
            raise ValueError(f"An image of {row.source} may only be looked at.")
        places.setdefault((row.brain, group_of(row)), []).append(place)
    weights = {
        key: len(found) ** settings.evenness
        * (1.0 if key[0] or key[1].startswith(DRAWN) else settings.real)
        for key, found in places.items()
    }
    sums = {
        side: sum(weight for key, weight in weights.items() if key[0] == side)
        for side in (True, False)
    }
    if not all(sums.values()):
        raise ValueError("The gate is fitted on brain slices and on other things; one is missing.")
    # Brain slices and other things weigh the same together.
    return [
        _Group(rows=samples.described[found], share=weights[key] / sums[key[0]] / 2.0, brain=key[0])
        for key, found in sorted(places.items())
    ]


def _standard(groups: Sequence[_Group]) -> tuple[Float32Array, Float32Array]:
    mean = sum(group.share * group.rows.mean(axis=0) for group in groups)
    variance = sum(group.share * ((group.rows - mean) ** 2).mean(axis=0) for group in groups)
    weights = np.concatenate([np.full(size, _BLOCK_WEIGHTS[name]) for name, size in BLOCKS.items()])
    scale = weights / (np.sqrt(variance) + _FAINT)
    return np.asarray(mean, dtype=np.float32), np.asarray(scale, dtype=np.float32)


def _directions(groups: Sequence[_Group], *, settings: Settings) -> Float32Array:
    """Discriminants, and the main directions, shape (SIZE, discriminants + main)."""
    means = np.stack([group.rows.mean(axis=0) for group in groups])
    shares = np.array([group.share for group in groups], dtype=np.float32)
    within = np.zeros((means.shape[1], means.shape[1]), dtype=np.float32)
    for group, mean in zip(groups, means, strict=True):
        apart = group.rows - mean
        within += np.float32(group.share / len(apart)) * (apart.T @ apart)
    even = np.float32(np.trace(within) / len(within)) * np.eye(len(within), dtype=np.float32)
    within = (1.0 - settings.shrinkage) * within + settings.shrinkage * even
    between = (means - shares @ means) * np.sqrt(shares)[:, np.newaxis]
    lower = np.linalg.cholesky(within)
    whitened = np.linalg.solve(lower, between.T)
    left, _, _ = np.linalg.svd(whitened, full_matrices=False)
    kept = min(settings.discriminants, len(groups) - 1)
    discriminants = np.linalg.solve(lower.T, left[:, :kept])
    variance, main = np.linalg.eigh(within + between.T @ between)
    count = settings.main
    scale = settings.main_weight / np.sqrt(float(variance[-count:].mean()))
    return np.hstack([discriminants, main[:, -count:] * np.float32(scale)]).astype(np.float32)


def _landmarks(groups: Sequence[_Group], *, settings: Settings, seed: int) -> Float32Array:
    """Points of each group's normal distribution, in half precision; none of them is an image."""
    rng = np.random.default_rng(seed)
    roots = np.sqrt([group.share for group in groups])
    counts = np.maximum(4, np.rint(settings.landmarks * roots / roots.sum())).astype(int)
    covariances = [np.cov(group.rows, rowvar=False, bias=True) for group in groups]
    pooled = sum(
        group.share * covariance for group, covariance in zip(groups, covariances, strict=True)
    )
    drawn = []
    for group, own, count in zip(groups, covariances, counts, strict=True):
        mean = group.rows.mean(axis=0)
        # Few images span so little that a point among them would nearly be one of them.
        covariance = own if len(group.rows) >= _FEWEST else pooled
        variance, axes = np.linalg.eigh(covariance)
        spread = axes * np.sqrt(np.maximum(variance, 0.0))
        drawn.append(mean + rng.standard_normal((count, len(mean))) @ spread.T)
    return np.concatenate(drawn).astype(np.float16).astype(np.float32)


def _spread_of_brains(groups: Sequence[_Group]) -> float:
    """The mean squared distance of two brain slices, of means and covariances."""
    brains = [group for group in groups if group.brain]
    shares = np.array([group.share for group in brains]) / sum(group.share for group in brains)
    means = np.stack([group.rows.mean(axis=0) for group in brains])
    lengths = np.array([(group.rows**2).sum(axis=1).mean() for group in brains])
    return 2.0 * (float(shares @ lengths) - float(((shares @ means) ** 2).sum()))


def _regression(
    groups: Sequence[_Group], landmarks: Float32Array, *, gamma: float, settings: Settings
) -> Float32Array:
    lengths = (landmarks**2).sum(axis=1)
    size = len(landmarks)
    second, target = np.zeros((size, size)), np.zeros(size)
    for group in groups:
        kernels = landmark_kernels(group.rows, landmarks, lengths=lengths, gamma=gamma)
        second += group.share / len(kernels) * (kernels.T @ kernels)
        wanted = (1.0 if group.brain else -1.0) - settings.base
        target += group.share * wanted * kernels.mean(axis=0)
    second[np.diag_indices(size)] += settings.ridge * np.trace(second) / size
    return np.linalg.solve(second, target).astype(np.float32)
