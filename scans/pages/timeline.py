"""The case history of a patient: studies newest first, each with its images and AI results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Prefetch, Window
from django.db.models.functions import RowNumber

from scans.models import Analysis, Image, ModelRelease, Patient, Study
from scans.models.analysis import FINISHED
from scans.pages.answers import seen_by
from scans.pages.clinical import ClinicalRequest
from scans.pages.keyset import keyset_page
from scans.pages.summaries import IMAGE_ORDER, StudySummary, summarize

ORDER = ("-study_date", "-received_at", "-id")
PAGE_SIZE = 20
THUMBNAILS = 24  # of one study; the study page has the rest


@dataclass(frozen=True)
class Thumbnail:
    """One image with its analyses, newest first."""

    image: Image
    analyses: Sequence[Analysis]

    @property
    def newest(self) -> Analysis | None:
        return self.analyses[0] if self.analyses else None

    @property
    def opinion(self) -> Analysis | None:
        return next((row for row in self.analyses if row.status in FINISHED), None)

    @property
    def facts(self) -> list[tuple[str, str]]:
        return [(str(row.pk), row.status) for row in self.analyses]


def timeline(request: ClinicalRequest, patient: Patient, *, token: str = "") -> dict[str, Any]:
    """What the patient page shows. `version` changes when a study or an image is added."""
    studies = Study.objects.visible_to(request.user).filter(patient=patient)
    page = keyset_page(
        studies.select_related("received_by"), order=ORDER, token=token, size=PAGE_SIZE
    )
    entries = entries_of(request, page.rows)
    return {
        "patient": patient,
        "entries": entries,
        "newer": page.previous,
        "older": page.next,
        "watched": not token,
        # A study in work is watched by its own poller; its results do not redraw the others.
        "version": seen_by(
            request,
            patient.pk,
            *(
                (str(one["study"].pk), one["summary"].image_count, one["summary"].in_work)
                for one in entries
            ),
        ),
    }


def entries_of(request: ClinicalRequest, studies: Sequence[Study]) -> list[dict[str, Any]]:
    """These studies as the timeline shows them."""
    thumbnails = _thumbnails([row.pk for row in studies])
    return [
        _entry(request, summary, thumbnails.get(summary.study.pk, []))
        for summary in summarize(studies)
    ]


def _entry(
    request: ClinicalRequest, summary: StudySummary, images: list[Thumbnail]
) -> dict[str, Any]:
    study, facts = summary.study, [one.facts for one in images]
    return {
        "study": study,
        "summary": summary,
        "images": images,
        "hidden": max(0, summary.image_count - THUMBNAILS),
        "version": seen_by(request, study.pk, summary.facts, facts),
    }


def _thumbnails(studies: list[UUID]) -> dict[UUID, list[Thumbnail]]:
    """The first images of each study: as many as are shown, however many it has."""
    place = Window(RowNumber(), partition_by=F("series__study"), order_by=IMAGE_ORDER)
    images = (
        Image.objects.filter(series__study__in=studies)
        .annotate(study_of=F("series__study"), place=place)
        .filter(place__lte=THUMBNAILS)
        .order_by("study_of", "place")
        .only("series", "number")
        .prefetch_related(
            Prefetch(
                "analyses",
                Analysis.objects.only(
                    "image", "release", "requested_at", "status", "label", "confidence"
                ),
            ),
            Prefetch("analyses__release", ModelRelease.objects.defer("manifest")),
        )
    )
    found: dict[UUID, list[Thumbnail]] = {}
    for image in images:
        study: UUID = image.study_of  # type: ignore[attr-defined]
        found.setdefault(study, []).append(Thumbnail(image, list(image.analyses.all())))
    return found
