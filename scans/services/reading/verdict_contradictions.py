"""What a verdict contradicts as it is signed, a sentence each.

What its reader accepted, rejected and marked in the same study, what was told of it as a critical
finding, and that somebody else is reading it just now. `contradictions` says how one signs all the
same.
"""

from collections.abc import Collection, Iterable

from django.db.models import F
from django.utils import timezone

from scans.models import AnnotationVersion, Assessment, CriticalFinding, Verdict
from scans.models.analysis import Label, Status
from scans.models.assessment import Decision, Finding, Reason
from scans.models.critical_finding import Channel
from scans.services.analyses.displayed_results import newest_finished
from scans.services.reading.assignment import reading_since
from scans.services.reading.critical_finding_status import readable_critical_findings
from scans.services.reading.number_ranges import number_ranges
from scans.services.reading.wording import names_a_tumor, stance_of

# Reasons not to accept “tumor detected” that say what else it is.
_NO_TUMOR_THERE = frozenset(
    {
        Reason.ARTIFACT,
        Reason.NORMAL_VARIANT,
        Reason.POST_OPERATIVE_CHANGE,
        Reason.NOT_BRAIN_MRI,
    }
)


def verdict_contradictions(draft: Verdict) -> list[str]:
    """Return a sentence for each contradiction in the verdict as it is to be signed."""
    found: list[str] = []
    if draft.finding in {Finding.NO_TUMOR, Finding.TUMOR}:
        rows = draft.assessments.filter(analysis__status=Status.COMPLETED)
        assessed = list(rows.select_related("analysis__image").order_by("analysis__image__number"))
        if draft.finding == Finding.NO_TUMOR:
            found += _against_no_tumor(draft, assessed)
        else:
            found += _against_tumor(draft, assessed)
    return found + _missed_and_detected(draft) + _read_by_another(draft)


def _against_no_tumor(draft: Verdict, assessed: Iterable[Assessment]) -> list[str]:
    finding = _finding_of(draft)
    sentences = []
    accepted = [row for row in assessed if _is_accepted(row, Label.TUMOR)]
    if accepted:
        sentences.append(
            f"{finding}, and you accepted the AI result “tumor detected” of {_images(accepted)}."
        )
    if stance_of(draft.comment).asserted:
        sentences.append(f"{finding}, and your comment says that there is a tumor.")
    missed: dict[str, list[Assessment]] = {}
    for row in assessed:
        if row.decision != Decision.ACCEPT and (reason := _reason_for_a_tumor(row)):
            missed.setdefault(reason, []).append(row)
    sentences += [
        f"{finding}, and your reason against the AI result of {_images(rows)} is “{label}”."
        for label, rows in missed.items()
    ]
    marked: dict[str, set[int]] = {}
    for label, number in _marked_tumors(draft):
        marked.setdefault(label, set()).add(number)
    sentences += [
        f"{finding}, and you marked “{label}” on {_numbered(numbers)}."
        for label, numbers in marked.items()
    ]
    return sentences + _told(draft)


def _against_tumor(draft: Verdict, assessed: Collection[Assessment]) -> list[str]:
    """Where the comment, or what is said of every image with an AI result, says that none is."""
    return _comment_against_tumor(draft) + _assessments_against_tumor(draft, assessed)


def _comment_against_tumor(draft: Verdict) -> list[str]:
    says = stance_of(draft.comment)
    if not says.denied or says.asserted or says.doubted or says.lesion:
        return []
    return [f"{_finding_of(draft)}, and your comment says that there is none."]


def _assessments_against_tumor(draft: Verdict, assessed: Collection[Assessment]) -> list[str]:
    denied = {row.analysis_id for row in assessed if _says_there_is_none(row)}
    if not denied or len(denied) < len(assessed):
        return []
    opinions = newest_finished(draft.study).filter(status=Status.COMPLETED)
    if not set(opinions.values_list("pk", flat=True)) <= denied:
        return []
    rejected = [row for row in assessed if row.decision != Decision.ACCEPT]
    if not rejected:
        return [
            f"{_finding_of(draft)}, and you accepted the AI result “no tumor detected” of every "
            "image that has one."
        ]
    if _marked_tumors(draft):
        return []
    reasons = ", ".join(f"“{label}”" for label in dict.fromkeys(r.reason_label for r in rejected))
    return [
        f"{_finding_of(draft)}, and by your assessments no image that has an AI result shows one: "
        f"your reason against “tumor detected” of {_images(rejected)} is {reasons}."
    ]


def _missed_and_detected(draft: Verdict) -> list[str]:
    """Where a tumor is said to be missed that the AI detected; asked above for "no tumor"."""
    if draft.finding == Finding.NO_TUMOR:
        return []
    rows = draft.assessments.filter(analysis__status=Status.COMPLETED, reason=Reason.MISSED_TUMOR)
    found = [
        row
        for row in rows.select_related("analysis__image").order_by("analysis__image__number")
        if row.analysis.label == Label.TUMOR and row.decision != Decision.ACCEPT
    ]
    if not found:
        return []
    return [
        f"The AI result of {_images(found)} is “tumor detected”, and your reason against it is "
        f"“{found[0].reason_label}”."
    ]


def _is_accepted(row: Assessment, label: Label) -> bool:
    return row.decision == Decision.ACCEPT and row.analysis.label == label


def _says_there_is_none(row: Assessment) -> bool:
    if row.decision == Decision.ACCEPT:
        return bool(row.analysis.label == Label.NO_TUMOR)
    return row.analysis.label == Label.TUMOR and row.reason in _NO_TUMOR_THERE


def _reason_for_a_tumor(row: Assessment) -> str:
    """The reason, where it says that there is a tumor: in the list, of the clinic, or in words."""
    label = row.reason_label
    if row.reason == Reason.MISSED_TUMOR:
        return label
    if label.lower().startswith("missed") and names_a_tumor(label):
        return label
    return _shortened(row.reason_text) if stance_of(row.reason_text).asserted else ""


def _marked_tumors(draft: Verdict) -> list[tuple[str, int]]:
    """Return label and image number of the reader's own marks of a tumor on the study."""
    rows = AnnotationVersion.objects.filter(
        annotation__author=draft.reader_id,
        annotation__is_hidden=False,
        annotation__image__series__study=draft.study_id,
        number=F("annotation__version"),
    ).order_by("annotation__image__number", "pk")
    marks = rows.values_list("label", "geometry", "annotation__image__number")
    named = [(label or geometry.get("text") or "", number) for label, geometry, number in marks]
    return [(name, number) for name, number in named if names_a_tumor(name)]


def _told(draft: Verdict) -> list[str]:
    """Return a sentence for each critical finding of a tumor, as far as the reader may read it."""
    if not CriticalFinding.objects.filter(study=draft.study_id).exists():
        return []  # nearly always: who may read it takes queries of its own
    told = readable_critical_findings(user=draft.reader, study=draft.study)
    sentences = []
    for row in told.order_by("reported_at", "pk"):
        says = stance_of(row.text)
        if not (says.asserted or says.doubted or says.lesion):
            continue  # a hemorrhage, say, goes with "no tumor"
        at = f"{timezone.localtime(row.reported_at):%-d %b %Y, %H:%M}"
        verb = "told by phone to" if row.channel == Channel.PHONE else "sent to"
        sentences.append(
            f"{_finding_of(draft)}, and the critical finding “{_shortened(row.text)}” was {verb} "
            f"{row.recipient_name} on {at}."
        )
    return sentences


def _read_by_another(draft: Verdict) -> list[str]:
    other = reading_since(draft.study)
    if other is None or other.reader.pk == draft.reader_id:
        return []
    since = f" since {timezone.localtime(other.since):%H:%M}" if other.since else ""
    return [f"{other.reader} is reading this study{since}."]


def _finding_of(draft: Verdict) -> str:
    return f"Your finding is “{draft.get_finding_display().lower()}”"


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119].rstrip()}…"


def _images(rows: Iterable[Assessment]) -> str:
    return _numbered([row.analysis.image.number for row in rows])


def _numbered(numbers: Collection[int]) -> str:
    return f"image{'s' * (len(numbers) > 1)} {number_ranges(numbers)}"
