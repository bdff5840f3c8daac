"""The order of the images of a series: as they were given, or as a person corrected it."""

from collections.abc import Sequence
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action
from scans import audit_events
from scans.errors import StateConflictError
from scans.models import Image, Report, Series, Study, Verdict
from scans.models.reading import ReadStage
from scans.services.analyses.series_statements import update_series_statement
from scans.services.patients.records import refuse_archived
from scans.services.studies.read_studies import is_read

SIGNED = (
    "A verdict or a report on this study is signed, and names its images by their numbers, so "
    "their order does not change any more."
)
_OTHERS = (
    "The series has other images than these by now. Load the page again, then put them in order."
)
_ASIDE = 1_000_000  # numbers that no image has: the database refuses one number twice


class OvertakenError(StateConflictError):
    """Somebody else has changed the order since the person saw it."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody else has changed the order meanwhile. This is how it is now: change it from "
            "here."
        )


@clinical_write(Action.UPLOAD_STUDY, on="series")
def order_images(
    *, user: User, series: Series, images: Sequence[UUID], seen: Sequence[UUID] | None = None
) -> Series:
    """Number the images of a series in this order, which names each of them once.

    From then on the numbers, and no longer the names of the files, tell the rule of a series which
    slices are neighbors; the statement is made anew. Once a verdict or a report is signed nothing
    changes: what was signed names images by their numbers. `seen` is the order that the person
    saw: where it is another one by now, nothing changes. Raises `NotAllowedError`,
    `ValidationError`, or `StateConflictError`.
    """
    refuse_archived(series.study.patient, then="put its images in order")
    study = Study.objects.select_for_update().get(pk=series.study_id)  # no image arrives meanwhile
    current = Series.objects.select_related("study__patient").get(pk=series.pk)
    rows = {row.pk: row for row in Image.objects.filter(series=current)}
    if len(images) != len(rows) or set(images) != set(rows):
        raise ValidationError({"images": _OTHERS})
    stored = sorted(rows, key=lambda pk: rows[pk].number)
    if seen is not None and stored not in (list(seen), list(images)):
        raise OvertakenError
    before = [rows[pk].number for pk in images]
    if before == sorted(before):
        return current
    if not can_order(study):
        raise StateConflictError(SIGNED)
    Image.objects.filter(series=current).update(number=F("number") + _ASIDE)
    for number, pk in enumerate(images, 1):
        rows[pk].number = number
    Image.objects.bulk_update(rows.values(), ["number"], batch_size=100)
    renumber_drafts(study.pk)
    current.order_corrected = True
    current.save(update_fields=["order_corrected"])
    update_series_statement(current.pk)
    audit.record(
        actor=user,
        event=audit_events.SERIES_ORDERED,
        row=current,
        patient_id=study.patient_id,
        detail={"numbers": before},
    )
    return current


def orderable_series(study: Study) -> Series | None:
    """Return the first series of several images, where their order can still be corrected.

    One query, since the page of a study asks it.
    """
    if study.read_stage == ReadStage.READ:
        return None
    verdicts = Verdict.objects.filter(study=OuterRef("study")).signed()
    reports = Report.objects.filter(study=OuterRef("study")).signed()
    series = Series.objects.filter(~Exists(verdicts), ~Exists(reports), study=study)
    return series.annotate(found=Count("images")).filter(found__gt=1).first()


def can_order(study: Study) -> bool:
    """Return whether nothing is signed that names the images of this study by their numbers."""
    return not is_read(study) and not Report.objects.filter(study=study).signed().exists()


def renumber_drafts(study_id: UUID) -> None:
    """Let drafts of the report know: who has one open does not sign what it says by old numbers."""
    drafts = Report.objects.preliminary().filter(study=study_id)
    for draft in drafts.select_for_update():
        draft.note_renumbering()
        draft.revision += 1
        draft.save(update_fields=["generated", "revision"])


class ImageNumbers:
    """The numbers of the images of a series while an upload adds to it, in its transaction.

    Read once: whoever else adds an image or changes the order waits for the study or the patient.
    """

    def __init__(self, series: Series, *, is_new: bool, keeps_numbers: bool = False) -> None:
        images = Image.objects.none() if is_new else Image.objects.filter(series=series)
        self._series = series
        self._are_drafts_told = is_new
        self._keeps_numbers = keeps_numbers or series.order_corrected
        self._places: dict[int, int | None] = dict(
            images.values_list("number", "instance__upload_place")
        )

    def make_room(self, *, place: int, images: int) -> int:
        """Return the first number of the images of a new file, which stood at this place.

        The others of the file follow it. Images of files that stood behind move on. In an order
        that a person corrected, or that something signed names, they are the last.
        """
        behind = [
            number
            for number, other in self._places.items()
            if other is not None and other > place and not self._keeps_numbers
        ]
        first = min(behind, default=max(self._places, default=0) + 1)
        if behind:
            rows = Image.objects.filter(series=self._series)
            rows.filter(number__gte=first).update(number=F("number") + _ASIDE)
            rows.filter(number__gte=_ASIDE).update(number=F("number") - (_ASIDE - images))
            if not self._are_drafts_told:
                renumber_drafts(self._series.study_id)
                self._are_drafts_told = True
            self._places = {one + images * (one >= first): at for one, at in self._places.items()}
        self._places |= dict.fromkeys(range(first, first + images), place)
        return first
