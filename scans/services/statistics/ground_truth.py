"""The studies that are read, each with its truth and what the AI said of it.

The truth of a study is its deciding verdict (`VerdictQuerySet.deciding`). What the AI said of a
study is the newest result of each image: a tumor where one image has one, at the highest
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
from scans.models.study_filters import label_of

OPINIONS = frozenset(Label.values)


@dataclass(frozen=True)
class Case:
    """One study with a deciding verdict, and what the AI said of it."""

    study: UUID
    patient: UUID
    study_date: date
    signed: date
    truth: str
    label: str  # of `StudyLabel`, "" where not every image has a result yet
    probability: float | None
    release: str
    source: str

    @property
    def month(self) -> str:
        return month_of(self.signed)

    @property
    def counts(self) -> bool:
        """Whether both gave an opinion."""
        return self.label in OPINIONS and self.truth != Finding.UNSURE

    @property
    def agrees(self) -> bool:
        return self.truth == self.label


class _Result(NamedTuple):
    """What a release said of one image."""

    image: UUID
    study: UUID
    media_type: str
    label: str  # "" where it gave no opinion
    probability: float | None
    release: UUID


def cases_of(user: User, *, release: ModelRelease | None = None) -> list[Case]:
    """The cases of the person's clinic; of one release, those that it gave a result for."""
    verdicts = Verdict.objects.visible_to(user).deciding()
    read = verdicts.order_by().values("study")  # a condition: thousands of ids are no list
    said = _said(read, release=release)
    counted = _image_counts(read)
    named = {row.pk: str(row) for row in ModelRelease.objects.defer("manifest")}
    zone = timezone.get_current_timezone()
    facts = ("study", "study__patient", "study__study_date", "signed_at", "finding")
    cases = []
    for study, patient, study_date, signed_at, finding in verdicts.values_list(*facts):
        results = said.get(study, ())
        if release is not None and not results:
            continue
        speaks = max(results, key=_by_probability, default=None)
        cases.append(
            Case(
                study=study,
                patient=patient,
                study_date=study_date,
                signed=signed_at.astimezone(zone).date(),
                truth=finding,
                label=_label(results, images=counted.get(study, 0)),
                probability=speaks.probability if speaks else None,
                release=named[speaks.release] if speaks else "",
                source=speaks.media_type if speaks else "",
            )
        )
    return cases


def month_of(day: date) -> str:
    return f"{day.year}-{day.month:02}"


def _said(studies: Any, *, release: ModelRelease | None) -> dict[UUID, list[_Result]]:
    """Of each study the newest result of each image."""
    rows = Analysis.objects.filter(image__series__study__in=studies, status__in=FINISHED)
    if release is not None:
        rows = rows.filter(release=release)
    facts = rows.order_by("requested_at").values_list(
        *("image", "image__series__study", "image__media_type"),
        *("label", "probability", "release"),
    )
    newest = {row.image: row for row in map(_Result._make, facts)}
    found: dict[UUID, list[_Result]] = defaultdict(list)
    for row in newest.values():
        found[row.study].append(row)
    return found


def _image_counts(studies: Any) -> dict[UUID, int]:
    images = Image.objects.filter(series__study__in=studies).order_by()
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
