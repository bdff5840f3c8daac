"""The next study of a sitting: what a reader passed over comes last, until the list is through."""

from dataclasses import dataclass
from uuid import UUID

from scans.models import Study, Verdict
from scans.pages.core.requests import ClinicalRequest
from scans.services.reading.assignment import release_study
from scans.services.reading.worklist import take_next

# In the session: ids of studies, oldest first.
_PASSED = "passed_over"
_ASSIGNED = "assigned_by_next"  # to this reader, by nothing but that it was the next one
_MOST = 500


@dataclass(frozen=True)
class Next:
    """The study to read next, None where none is left, and what is to be said with it."""

    study: Study | None
    words: str


def next_in_sitting(request: ClinicalRequest, *, after: UUID | None, is_done: bool) -> Next:
    """Take the first study of the worklist that was not passed over in this sitting.

    `after` is the study that the reader leaves: passed over and free for others at once, unless it
    `is_done`. Without one they come from the worklist, and a sitting begins. Once the list is
    through it begins again.
    """
    if after and not is_done:
        _give_back(request, after)
    passed = request.session.get(_PASSED, []) if after else []
    left = [str(after)] if after and not is_done else []
    passed = [*(one for one in passed if one != str(after)), *left][-_MOST:]
    here = {after} if after else set()
    found = _take(request, excluding={*map(UUID, passed), *here})
    begins_again = False
    if found is None and after:
        found = _take(request, excluding=here)
        begins_again = found is not None
        passed = []
    request.session[_PASSED] = passed
    if found is None:
        return Next(None, "There is no study left for you to read.")
    if begins_again:
        return Next(found, "You have seen all; beginning again.")
    return Next(found, "This is the next study.")


def _take(request: ClinicalRequest, *, excluding: set[UUID]) -> Study | None:
    taken = take_next(user=request.user, excluding=excluding)
    if taken is None:
        return None
    if taken.is_newly_assigned:
        assigned = [*request.session.get(_ASSIGNED, []), str(taken.study.pk)]
        request.session[_ASSIGNED] = assigned[-_MOST:]
    return taken.study


def _give_back(request: ClinicalRequest, study_id: UUID) -> None:
    """Free what the reader passes over, but for what they were given, chose, or have begun."""
    study = Study.objects.visible_to(request.user).filter(pk=study_id).first()
    if study is None:
        return
    assigned = request.session.get(_ASSIGNED, [])
    is_begun = Verdict.objects.filter(study=study, reader=request.user).exists()
    release_study(
        user=request.user,
        study=study,
        keeps_assignment=is_begun or str(study_id) not in assigned,
    )
    request.session[_ASSIGNED] = [one for one in assigned if one != str(study_id)]
