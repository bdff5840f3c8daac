"""The section "Comparison": what the reader opened beside, and nothing that did not happen."""

import re
from collections.abc import Sequence

from django.utils.formats import date_format

from scans.models import Report, Study
from scans.services.reading.comparisons import opened_beside, priors_of
from scans.services.reading.wording import denies

NONE_AVAILABLE = "None available."
_MOST = 3  # studies that are named as not opened; of more the number is said
_SAYS_NONE = re.compile(
    r"\bnone available\b|\bno (?:earlier|prior|previous|older?)\b[^.\n]*\b(?:available|exists?)\b",
    re.IGNORECASE,
)
_SAYS_NOT_COMPARED = re.compile(r"\bnot compared|no comparison\b", re.IGNORECASE)


def comparison_text(study: Study, *, readers: Sequence[int]) -> str:
    """Return what was opened beside, what was not, and "None available" where there is none."""
    opened = opened_beside(study, readers=readers)
    known = {row.pk for row in opened}
    left = [row for row in priors_of(study) if row.pk not in known]
    lines = []
    if opened:
        lines.append(f"Compared with {_listed(opened, study)}.")
    elif left:
        lines.append("Not compared with earlier images.")
    if left:
        more = f" and {len(left) - _MOST} more" if len(left) > _MOST else ""
        lines.append(f"Available, not opened beside: {_listed(left[:_MOST], study)}{more}.")
    return "\n".join(lines) or NONE_AVAILABLE


_GENERATED = re.compile(
    r"^(?:None available\.|Not compared with earlier images\.|Available, not opened beside: .*|"
    r"Compared with the study of .*)$"
)


def is_generated_comparison(line: str) -> bool:
    """Return whether a line of a draft that kept nothing of what was generated begins like one."""
    return _GENERATED.match(line) is not None


def comparison_contradictions(report: Report, *, readers: Sequence[int]) -> list[str]:
    """Return a sentence for each thing that the section states and that did not happen."""
    text = report.texts["comparison"]
    opened = opened_beside(report.study, readers=readers)
    known = {row.pk for row in opened}
    left = [row for row in priors_of(report.study) if row.pk not in known]
    sentences = []
    says_none = _SAYS_NONE.search(text) and not _SAYS_NOT_COMPARED.search(text)
    if says_none and (opened or left):
        sentences.append(
            f"The comparison says that there is nothing to compare with, and there is "
            f"{_listed((opened or left)[:_MOST], report.study)}."
        )
    elif opened and _SAYS_NOT_COMPARED.search(text):
        sentences.append(
            "The comparison says that nothing was compared, and you opened "
            f"{_listed(opened[:_MOST], report.study)} beside this one."
        )
    dates = {row.study_date for row in opened}
    unseen = [
        row for row in left if row.study_date not in dates and _is_claimed(text, row, report.study)
    ]
    if unseen:
        sentences.append(
            f"The comparison names {_listed(unseen[:_MOST], report.study)}, which was not opened "
            "beside this one."
        )
    return sentences


def _is_claimed(text: str, study: Study, read: Study) -> bool:
    """Whether a line names the study by its date, other than as not opened."""
    if study.study_date == read.study_date:
        return False  # the day is that of the study itself
    names = (date_format(study.study_date, "j F Y"), study.study_date.isoformat())
    return any(
        any(name in line for name in names) and not denies(line) for line in text.split("\n")
    )


def _listed(studies: Sequence[Study], read: Study) -> str:
    names = [_name(study, read) for study in studies]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _name(study: Study, read: Study) -> str:
    """For example: the study of 3 May 2020 (MRI head), or of the same day."""
    day = "the same day" if study.study_date == read.study_date else ""
    name = f"the study of {day or date_format(study.study_date, 'j F Y')}"
    return f"{name} ({study.description})" if study.description else name
