"""Take a change of the record back: another change, and both stay in the trail."""

from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans.errors import StateConflictError
from scans.models import RecordChange
from scans.models.record_change import ChangeKind
from scans.services.studies.corrections import undo_correction
from scans.services.studies.merging import undo_merge
from scans.services.studies.moving import undo_move

_UNDO = {
    ChangeKind.STUDY_CORRECTED: (Action.CORRECT_STUDY, undo_correction),
    ChangeKind.STUDY_MOVED: (Action.MOVE_STUDY, undo_move),
    ChangeKind.PATIENTS_MERGED: (Action.MOVE_STUDY, undo_merge),
}


@clinical_write()
def undo_change(*, user: User, change: RecordChange) -> RecordChange:
    """Undo a correction, a move or a merge. An undo is not undone: the change is made anew.

    Raises `NotAllowedError`, `ValidationError`, or `StateConflictError` where it is undone already
    or something newer depends on it.
    """
    action, undo = _UNDO[ChangeKind(change.kind)]
    require(user, action, change)
    if change.undoes_id is not None:
        raise StateConflictError("This is an undo itself. Make the change anew instead.")
    if change.part_of_id is not None:
        raise StateConflictError("The study was moved by a merge. Undo the merge instead.")
    if RecordChange.objects.filter(undoes=change).exists():
        raise StateConflictError("This change was undone already.")
    return undo(user, change)
