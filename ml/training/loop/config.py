"""Every setting of a training run, in one frozen value that is stored with the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from ml.training.augmentation.settings import Augmentation
from ml.training.data.sampling import Sampling


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A stretch of epochs with one optimizer.

    Attributes:
        epochs: how many.
        rate: the learning rate after warming up.
        warm_up: steps over which the rate rises linearly from 0.
        decay_share: over this last share of the phase's steps the rate falls as a cosine to 1 %;
            0 keeps it constant. Until then a longer phase trains exactly as a shorter one, so a
            run can be prolonged while it is still at its constant rate.
        frozen_blocks: convolution blocks, from the first on, that stay as they are; 5 trains the
            heads alone.
    """

    epochs: int
    rate: float
    warm_up: int = 0
    decay_share: float = 0.0
    frozen_blocks: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """All settings of a run.

    Attributes:
        recipe: the preset this came from.
        size: side of the training images in pixels, a multiple of 32.
        preprocessing: the recipe that prepares the slices, and that the release will name.
        evidence: the classifier reads the decoder too (`ml.training.loop.evidence`).
        evidence_start: the weight of what it reads there, to begin with.
        dense_start: by what the dense head's share of the logit is multiplied, to begin with.
        head: "flatten" is the release's; "pooled" averages block 5 first, for a start at 112 px.
        batch_norm: convolutions without bias, each followed by batch normalization.
        width_divisor: divides the channels of every convolution: 1 is VGG16, 2 its half; heads and
            decoder keep theirs.
        dtype: a Keras dtype policy.
        ema_momentum: of the running average of the weights, per step.
        type_weight, mask_weight, pointing_weight: of the further losses beside the classifier's:
            which tumor, the decoder's mask, and Grad-CAM on the lesion.
        validation_slices: of the split `val`, how many an epoch is judged on; 0 for all.
        mask_positive: weight of lesion pixels in the mask's cross-entropy.
    """

    recipe: str
    phases: tuple[Phase, ...]
    size: int = 224
    preprocessing: str = "crop-square-area-1"
    evidence: bool = False
    evidence_start: float = 0.5
    dense_start: float = 1.0
    head: Literal["flatten", "pooled"] = "flatten"
    batch_norm: bool = True
    width_divisor: int = 1
    dtype: str = "mixed_bfloat16"
    batch: int = 16
    seed: int = 1
    optimizer: Literal["adam", "adamw"] = "adamw"
    weight_decay: float = 5e-3
    clip_norm: float = 1.0
    ema_momentum: float = 0.99
    label_smoothing: float = 0.02
    type_weight: float = 0.25
    mask_weight: float = 1.0
    pointing_weight: float = 0.3
    mask_cross_entropy: float = 2.0
    mask_dice: float = 0.5
    mask_positive: float = 4.0
    validation_slices: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def to_json(self) -> dict[str, Any]:
        """Every setting, as it is stored in config.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Config:
        """Read what `to_json` wrote.

        Raises:
            ValueError: a setting is missing or unknown.
        """
        known = {item.name for item in fields(cls)}
        if set(value) != known:
            raise ValueError(f"These settings do not fit: {sorted(set(value) ^ known)}.")
        sampling = dict(value["sampling"])
        for name in ("families", "family_shares"):
            sampling[name] = tuple(tuple(one) for one in sampling[name])
        parts = {
            "phases": tuple(Phase(**phase) for phase in value["phases"]),
            "sampling": Sampling(**sampling),
            "augmentation": Augmentation(**value["augmentation"]),
        }
        return cls(**{**value, **parts})


# Many heads: both data folders as one, lesions planted into healthy slices, the decoder read.
_HEADS: Final = Config(
    recipe="search",
    phases=(Phase(epochs=10, rate=4e-4, warm_up=60, decay_share=0.6, frozen_blocks=2),),
    size=112,
    head="pooled",
    preprocessing="head-window-area-1",
    evidence=True,
    width_divisor=2,
    dtype="float32",
    batch=32,
    validation_slices=400,
    sampling=Sampling(
        epoch_slices=3008,
        balance="strata",
        mixed_share=0.9,
        plant=True,
        planted_share=0.4,
        family_shares=(("br35h", 0.22), ("four-class", 0.22)),
    ),
    augmentation=Augmentation(quarter_turn_share=0.15, spots_share=0.1, clinic_share=0.5),
)

RECIPES: Final[Mapping[str, Config]] = MappingProxyType(
    {
        # On from the in-domain checkpoint. Blocks 1 and 2 hold edges and cost a third of a step.
        "continue": Config(
            recipe="continue",
            phases=(Phase(epochs=16, rate=1.5e-4, warm_up=60, decay_share=0.5, frozen_blocks=2),),
        ),
        # The usual one: ImageNet, the head first, then all of it gently.
        "transfer": Config(
            recipe="transfer",
            phases=(
                Phase(epochs=6, rate=1e-4, frozen_blocks=5),
                Phase(epochs=24, rate=1e-5),
            ),
            batch_norm=False,
            optimizer="adam",
        ),
        # From random weights, at half the size; its result is an `--init` for "continue".
        "scratch": Config(
            recipe="scratch",
            phases=(Phase(epochs=16, rate=1.5e-3, warm_up=100, decay_share=0.9),),
            size=112,
            head="pooled",
            batch=64,
            sampling=Sampling(epoch_slices=4224),
        ),
        # From ImageNet, at half the size and half the width; its result is an `--init` for the
        # next, at the release's size.
        "search": _HEADS,
        "release": replace(
            _HEADS,
            recipe="release",
            phases=(Phase(epochs=6, rate=2.5e-4, warm_up=60, decay_share=0.7, frozen_blocks=2),),
            size=224,
            head="flatten",
            # On sources left out, the decoder's evidence separates far better than the dense head.
            evidence_start=1.0,
            dense_start=0.5,
        ),
    }
)
