"""Ground truth: the studies with a final verdict, each with its AI result.

The truth of a study is its deciding verdict (`VerdictQuerySet.deciding`). The AI result of a study
is made of the newest result of each image: a tumor where one image has one, at the highest
probability; no opinion where some image has none.

Read as plain values: a clinic has thousands, and building a row's object costs more than reading
it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from scans.models import Analysis, Image, ModelRelease, Verdict
from scans.models.analysis import FINISHED, Label
from scans.models.assessment import Finding
from scans.models.study_filters import label_of, to_analyze

OPINIONS = frozenset(Label.values)


@dataclass(frozen=True)
class GroundTruthStudy:
    """One study with a deciding verdict, and its AI result."""

    study: UUID
    patient: UUID
    study_date: date
    signed: date
    truth: str
    label: str  # of `StudyLabel`, "" where not every image has a result yet
    probability: float | None
    threshold: float | None  # from which its release calls a tumor
    release: str
    source: str

    @property
    def month(self) -> str:
        """The month of signing, as "2026-11"."""
        return month_of(self.signed)

    @property
    def is_comparable(self) -> bool:
        """Whether reader and AI both gave an opinion."""
        return self.label in OPINIONS and self.truth != Finding.UNSURE

    @property
    def agrees(self) -> bool:
        """Whether the AI result is the truth; only where `is_comparable`."""
        return self.truth == self.label


class _Result(NamedTuple):
    """The result of one image."""

    image: UUID
    study: UUID
    media_type: str
    label: str  # "" where it gave no opinion
    probability: float | None
    threshold: float | None
    release: UUID


def ground_truth_studies(
    user: User, *, release: ModelRelease | None = None
) -> list[GroundTruthStudy]:
    """Return the studies of the person's clinic that have a deciding verdict.

    With `release`, its results count, and studies that it has no result of are left out.
    """
    verdicts = Verdict.objects.visible_to(user).deciding()
    read = verdicts.order_by().values("study")  # a subquery: there may be thousands
    newest = _newest_results(read, release=release)
    image_counts = _image_counts(read)
    release_names = {row.pk: str(row) for row in ModelRelease.objects.defer("manifest")}
    zone = timezone.get_current_timezone()
    facts = ("study", "study__patient", "study__study_date", "signed_at", "finding")
    studies = []
    for study, patient, study_date, signed_at, finding in verdicts.values_list(*facts):
        results = newest.get(study, ())
        if release is not None and not results:
            continue
        highest = max(results, key=_by_probability, default=None)
        studies.append(
            GroundTruthStudy(
                study=study,
                patient=patient,
                study_date=study_date,
                signed=signed_at.astimezone(zone).date(),
                truth=finding,
                label=_label(results, images=image_counts.get(study, 0)),
                probability=highest.probability if highest else None,
                threshold=highest.threshold if highest else None,
                release=release_names[highest.release] if highest else "",
                source=highest.media_type if highest else "",
            )
        )
    return studies


def month_of(day: date) -> str:
    """Return the month of a day as "2026-11"."""
    return f"{day.year}-{day.month:02}"


def _newest_results(studies: Any, *, release: ModelRelease | None) -> dict[UUID, list[_Result]]:
    """Return the newest result of each image, by study."""
    rows = Analysis.objects.filter(image__series__study__in=studies, status__in=FINISHED)
    if release is not None:
        rows = rows.filter(release=release)
    facts = rows.order_by("requested_at").values_list(
        *("image", "image__series__study", "image__instance__media_type"),
        *("label", "probability", "threshold", "release"),
    )
    newest = {row.image: row for row in map(_Result._make, facts)}
    found: dict[UUID, list[_Result]] = defaultdict(list)
    for row in newest.values():
        found[row.study].append(row)
    return found


def _image_counts(studies: Any) -> dict[UUID, int]:
    images = Image.objects.filter(to_analyze(), series__study__in=studies).order_by()
    return dict(images.values_list("series__study").annotate(images=Count("pk")))


def _by_probability(result: _Result) -> float:
    return -1.0 if result.probability is None else result.probability


def _label(results: Sequence[_Result], *, images: int) -> str:
    labels = Counter(row.label for row in results)
    label = label_of(
        images=images,
        tumor=labels[Label.TUMOR.value],
        no_tumor=labels[Label.NO_TUMOR.value],
        abstained=labels[""],
    )
    return label.value if label else ""
