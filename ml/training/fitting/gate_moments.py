"""The numbers of the gate `brain-mri-3`, from means and covariances of groups of images.

A group is a stratum of brain slices or a part of a source of other things. Of each, its mean and
covariance are taken, and nothing else goes into the fit: no image is stored, and there is no
descent along a gradient. So sources that may give statistics alone (`ml.training.data.provenance`)
take part.

1. Descriptions are standardized by the mean and spread of all groups, and brought to their main
   directions (`ml.training.fitting.gate_basis`).
2. Directions there: Fisher's linear discriminants between the groups (Rao 1948; the covariance
   within groups shrunk toward a multiple of the identity), and the main directions of all.
3. Landmarks are drawn from the normal distribution of each group there.
4. Shares solve the ridge regression of +1 (brain) and -1 (other) on the kernels to the landmarks:
   the solution of the groups' second moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.gate.kernel_machine import LIMIT, KernelMachine, landmark_kernels
from ml.imaging.pixels import Float32Array
from ml.training.fitting.gate_basis import Basis, basis_of
from ml.training.fitting.gate_groups import Group, groups_of
from ml.training.fitting.gate_samples import Samples
from ml.training.fitting.gate_settings import Settings

_FEWEST: Final = 16  # descriptions, of a group whose own covariance is used for its landmarks


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A fit in the basis: what `fit_similarity` makes a gate's file of.

    Attributes:
        axes: (kept, directions).
        landmarks: (landmarks, directions).
        shares, gamma, base: as in `ml.gate.kernel_machine`.
    """

    axes: Float32Array
    landmarks: Float32Array
    shares: Float32Array
    gamma: float
    base: float

    def similarities(self, reduced: Float32Array) -> Float32Array:
        """What a gate with these numbers says of descriptions in the basis, shape (N,)."""
        kernels = landmark_kernels(
            reduced @ self.axes,
            self.landmarks,
            lengths=(self.landmarks**2).sum(axis=1),
            gamma=self.gamma,
        )
        found: Float32Array = kernels @ self.shares + np.float32(self.base)
        return found


def fit_similarity(
    samples: Samples,
    *,
    chosen: Sequence[int],
    settings: Settings | None = None,
    basis: Basis | None = None,
    seed: int = 1,
) -> dict[str, np.ndarray]:
    """Fit the kernel machine, its limit at 0.

    Args:
        samples: descriptions; those chosen must be of the split "train".
        chosen: places in `samples` to fit on, of brain slices and of other things.
        settings: other than those that were chosen.
        basis: of these very samples, where it is known already.
        seed: of the landmarks: the same seed and samples give the same numbers.

    Returns:
        The arrays of `ml.gate.kernel_machine`.

    Raises:
        ValueError: an image was chosen that may only be looked at, or one side is empty.
    """
    settings = settings or Settings()
    basis = basis or basis_of(samples, chosen=chosen, settings=settings)
    machine = fit_machine(
        samples, basis.reduce(samples.described), chosen=chosen, settings=settings, seed=seed
    )
    return {
        "mean": basis.mean,
        "scale": basis.scale,
        "axes": (basis.axes @ machine.axes).astype(np.float16),
        "landmarks": machine.landmarks.astype(np.float16),
        "shares": machine.shares,
        "gamma": np.array(machine.gamma, np.float32),
        "base": np.array(machine.base, np.float32),
        LIMIT: np.array(0.0, np.float32),
    }


def fit_machine(
    samples: Samples,
    reduced: Float32Array,
    *,
    chosen: Sequence[int],
    settings: Settings | None = None,
    seed: int = 1,
) -> Machine:
    """Fit in the basis; see `fit_similarity`.

    Args:
        samples: whose rows say the groups.
        reduced: their descriptions in the basis, shape (N, kept).
        chosen, settings, seed: as there.
    """
    settings = settings or Settings()
    groups = groups_of(
        samples.rows, reduced, chosen=chosen, evenness=settings.evenness, real=settings.real
    )
    axes = _directions(groups, settings=settings)
    groups = [
        Group(rows=group.rows @ axes, share=group.share, brain=group.brain) for group in groups
    ]
    landmarks = _landmarks(groups, settings=settings, seed=seed)
    gamma = 1.0 / (settings.reach * _spread_of_brains(groups))
    shares = _regression(groups, landmarks, gamma=gamma, settings=settings)
    return Machine(axes=axes, landmarks=landmarks, shares=shares, gamma=gamma, base=settings.base)


def similarities(arrays: dict[str, np.ndarray], described: Float32Array) -> Float32Array:
    """What the gate with these numbers says of each description, shape (N,)."""
    return KernelMachine(arrays).similarities(described)


def _directions(groups: Sequence[Group], *, settings: Settings) -> Float32Array:
    """Discriminants, and the main directions, shape (kept, discriminants + main)."""
    means = np.stack([group.rows.mean(axis=0) for group in groups])
    shares = np.array([group.share for group in groups], dtype=np.float32)
    within = np.zeros((means.shape[1], means.shape[1]), dtype=np.float32)
    for group, mean in zip(groups, means, strict=True):
        apart = group.rows - mean
        within += np.float32(group.share / len(apart)) * (apart.T @ apart)
    even = np.float32(np.trace(within) / len(within)) * np.eye(len(within), dtype=np.float32)
    shrunk = (1.0 - settings.shrinkage) * within + settings.shrinkage * even
    between = (means - shares @ means) * np.sqrt(shares)[:, np.newaxis]
    lower = np.linalg.cholesky(shrunk)
    whitened = np.linalg.solve(lower, between.T)
    left, _, _ = np.linalg.svd(whitened, full_matrices=False)
    kept = min(settings.discriminants, len(groups) - 1)
    discriminants = np.linalg.solve(lower.T, left[:, :kept])
    variance, main = np.linalg.eigh(within + between.T @ between)
    count = min(settings.main, len(variance))
    scale = settings.main_weight / np.sqrt(float(variance[-count:].mean()))
    return np.hstack([discriminants, main[:, -count:] * np.float32(scale)]).astype(np.float32)


def _landmarks(groups: Sequence[Group], *, settings: Settings, seed: int) -> Float32Array:
    """Points of each group's normal distribution, in half precision; none of them is an image."""
    rng = np.random.default_rng(seed)
    roots = np.sqrt([group.share for group in groups])
    counts = np.maximum(3, np.rint(settings.landmarks * roots / roots.sum())).astype(int)
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


def _spread_of_brains(groups: Sequence[Group]) -> float:
    """The mean squared distance of two brain slices, of means and covariances."""
    brains = [group for group in groups if group.brain]
    shares = np.array([group.share for group in brains]) / sum(group.share for group in brains)
    means = np.stack([group.rows.mean(axis=0) for group in brains])
    lengths = np.array([(group.rows**2).sum(axis=1).mean() for group in brains])
    return 2.0 * (float(shares @ lengths) - float(((shares @ means) ** 2).sum()))


def _regression(
    groups: Sequence[Group], landmarks: Float32Array, *, gamma: float, settings: Settings
) -> Float32Array:
    lengths = (landmarks**2).sum(axis=1)
    rows = np.concatenate([group.rows for group in groups])
    weights = np.concatenate(
        [np.full(len(group.rows), group.share / len(group.rows)) for group in groups]
    ).astype(np.float32)
    wanted = np.concatenate(
        [np.full(len(group.rows), 1.0 if group.brain else -1.0) for group in groups]
    )
    kernels = landmark_kernels(rows, landmarks, lengths=lengths, gamma=gamma)
    weighted = kernels * weights[:, np.newaxis]
    second = (kernels.T @ weighted).astype(np.float64)
    target = (wanted - settings.base) @ weighted.astype(np.float64)
    second[np.diag_indices(len(second))] += settings.ridge * np.trace(second) / len(second)
    return np.linalg.solve(second, target).astype(np.float32)
