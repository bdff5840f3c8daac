"""The policy: which rows a person may see, and what they may do with them.

`visible_to` and `has_object_perm` follow the same rules and agree on every row
(`accounts/tests/test_policy.py` checks it). What is not allowed here is forbidden.
"""

import uuid
from enum import StrEnum
from typing import Protocol, Self, TypeVar, cast

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.http import Http404

from accounts.undeletable import UndeletableQuerySet

# A person who is signed in (`accounts.models.User`, which cannot be imported here, since its rows
# are visible by this policy), or somebody who is not.
Person = AbstractUser | AnonymousUser
Row = TypeVar("Row", bound=models.Model, covariant=True)


class Action(StrEnum):
    """What a person may do; the roles name these."""

    VIEW = "view"
    REGISTER_PATIENT = "register_patient"
    EDIT_PATIENT = "edit_patient"
    ARCHIVE_PATIENT = "archive_patient"
    UPLOAD_STUDY = "upload_study"
    DECIDE_CONFLICT = "decide_conflict"  # of two objects of one UID
    CORRECT_STUDY = "correct_study"  # its date, description and what was asked
    MOVE_STUDY = "move_study"  # to another patient; also merge two patients
    REQUEST_ANALYSIS = "request_analysis"  # also retry
    CANCEL_ANALYSIS = "cancel_analysis"
    ANNOTATE = "annotate"
    WRITE_REPORT = "write_report"  # also sign and amend
    MANAGE_PEOPLE = "manage_people"
    MANAGE_CLINICS = "manage_clinics"
    READ_AUDIT_TRAIL = "read_audit_trail"
    ACTIVATE_RELEASE = "activate_release"
    READ_STUDY = "read_study"  # take, assess, sign, amend
    PRIORITIZE_STUDY = "prioritize_study"
    ASSIGN_STUDY = "assign_study"  # to somebody, and how many readers it needs
    SHARE_WORKLIST_VIEW = "share_worklist_view"
    EDIT_CLINIC_SETTINGS = "edit_clinic_settings"
    VIEW_STATISTICS = "view_statistics"  # of colleagues by name: also MANAGE_PEOPLE


_EVERYONE = frozenset(
    {
        Action.VIEW,
        Action.REGISTER_PATIENT,
        Action.EDIT_PATIENT,
        Action.UPLOAD_STUDY,
        Action.CORRECT_STUDY,
        Action.REQUEST_ANALYSIS,
        Action.CANCEL_ANALYSIS,
        Action.PRIORITIZE_STUDY,
    }
)
_READER = frozenset(
    {
        Action.READ_STUDY,
        Action.ARCHIVE_PATIENT,
        Action.MOVE_STUDY,
        Action.ASSIGN_STUDY,
        Action.SHARE_WORKLIST_VIEW,
        Action.ANNOTATE,
        Action.WRITE_REPORT,
        Action.VIEW_STATISTICS,
    }
)
ROLE_ACTIONS: dict[str, frozenset[Action]] = {
    "clinician": _EVERYONE,
    "radiologist": _EVERYONE | _READER,
    "administrator": _EVERYONE
    | {
        Action.ARCHIVE_PATIENT,
        Action.DECIDE_CONFLICT,
        Action.MANAGE_PEOPLE,
        Action.READ_AUDIT_TRAIL,
        Action.MOVE_STUDY,
        Action.ASSIGN_STUDY,
        Action.SHARE_WORKLIST_VIEW,
        Action.EDIT_CLINIC_SETTINGS,
        Action.VIEW_STATISTICS,
    },
}
# Writing the clinical record needs a clinic to write into, which a superuser does not have.
_SUPERUSER_ACTIONS = frozenset(Action) - {
    Action.REGISTER_PATIENT,
    Action.UPLOAD_STUDY,
    Action.DECIDE_CONFLICT,
    Action.READ_STUDY,
    Action.SHARE_WORKLIST_VIEW,
    Action.VIEW_STATISTICS,
    Action.ANNOTATE,
    Action.WRITE_REPORT,
}


# What the sentence of `NotAllowedError` says that the role does not allow.
_DESCRIPTIONS = {
    Action.VIEW: "see this",
    Action.REGISTER_PATIENT: "register patients",
    Action.EDIT_PATIENT: "edit patients",
    Action.ARCHIVE_PATIENT: "archive patients",
    Action.UPLOAD_STUDY: "upload studies",
    Action.DECIDE_CONFLICT: "decide about objects in quarantine",
    Action.CORRECT_STUDY: "correct studies",
    Action.MOVE_STUDY: "move studies to another patient or merge patients",
    Action.REQUEST_ANALYSIS: "ask for analyses",
    Action.CANCEL_ANALYSIS: "cancel analyses",
    Action.ANNOTATE: "annotate images",
    Action.WRITE_REPORT: "write and sign reports",
    Action.MANAGE_PEOPLE: "manage people",
    Action.READ_AUDIT_TRAIL: "read the audit trail",
    Action.ACTIVATE_RELEASE: "choose the active model release",
    Action.MANAGE_CLINICS: "manage clinics",
    Action.READ_STUDY: "read studies",
    Action.PRIORITIZE_STUDY: "change how urgent a study is",
    Action.ASSIGN_STUDY: "assign studies",
    Action.SHARE_WORKLIST_VIEW: "save views for the whole clinic",
    Action.EDIT_CLINIC_SETTINGS: "change the settings of the clinic",
    Action.VIEW_STATISTICS: "see the statistics of the clinic",
}


class InClinic(Protocol):
    """A row that belongs to one clinic.

    A model whose rows not everyone in the clinic may see names in `view_action` the action that
    seeing them takes (the audit trail does).
    """

    @property
    def clinic_id(self) -> uuid.UUID | None:
        """The id of the clinic that the row belongs to."""
        ...


class _Member(Protocol):
    """What the rules need to know of a person who is signed in."""

    is_superuser: bool
    clinic_id: uuid.UUID | None
    role: str


class NotAllowedError(Exception):
    """The person may not do this; `str()` is a sentence for the person."""


def has_perm(user: Person, action: Action) -> bool:
    """Return whether the person's role includes the action, whatever the row."""
    if not user.is_authenticated or not user.is_active:
        return False
    member = cast(_Member, user)
    if member.is_superuser:
        return action in _SUPERUSER_ACTIONS
    return member.clinic_id is not None and action in ROLE_ACTIONS.get(member.role, frozenset())


def has_object_perm(user: Person, action: Action, row: InClinic) -> bool:
    """Return whether the person may do the action to this row."""
    if action is Action.VIEW:
        action = getattr(row, "view_action", Action.VIEW)
    if not has_perm(user, action):
        return False
    return user.is_superuser or row.clinic_id == cast(_Member, user).clinic_id


def require(user: Person, action: Action, row: InClinic | None = None) -> None:
    """Raise `NotAllowedError` unless the person may do the action, to the row if one is given."""
    allowed = has_perm(user, action) if row is None else has_object_perm(user, action, row)
    if not allowed:
        raise NotAllowedError(
            f"Your role does not allow you to {_DESCRIPTIONS[action]}. "
            "Ask your clinic administrator."
        )


class ClinicQuerySet(UndeletableQuerySet[Row]):
    """Undeletable rows of clinics. `clinic_lookup` is the path from the row to its clinic."""

    clinic_lookup: str

    def visible_to(self, user: Person) -> Self:
        """Return the rows that this person may see; none for anyone who is not signed in."""
        if not has_perm(user, getattr(self.model, "view_action", Action.VIEW)):
            return self.none()
        if user.is_superuser:
            return self.all()
        return self.filter(**{self.clinic_lookup: cast(_Member, user).clinic_id})


def get_visible_or_404(queryset: ClinicQuerySet[Row], user: Person, **lookup: object) -> Row:
    """Return the row. Raises `Http404` where there is none that this person may see."""
    try:
        return queryset.visible_to(user).get(**lookup)
    except (ObjectDoesNotExist, ValueError, ValidationError) as error:  # the last: not an id
        raise Http404("There is no such record in your clinic.") from error
