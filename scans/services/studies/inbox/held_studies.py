"""What awaits a person in the inbox, by study; and who it may be of, the likeliest first."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, Max, Min, Q
from django.db.models.functions import Cast
from django.utils.formats import date_format

from accounts.models import User
from accounts.policy import Action, has_perm
from scans.models import Patient, PatientIdentifier, ReceivedObject, Study
from scans.models.patient import Sex, name_key
from scans.models.received_object import STATED, ReceivedObjectQuerySet
from scans.models.received_object_states import ReceivedState
from scans.models.search_text import folded, mrn_key, mrn_skeleton
from scans.services.studies.inbox.matching import is_own_issuer, stated_name, survivor

MOST_CANDIDATES = 5
MOST_COUNTED = 100  # studies and conflicts
_LOOKED_AT = 40
_GROUPED_BY = ("clinic_id", "study_instance_uid", "code", *STATED)


@dataclass(frozen=True)
class HeldStudy:
    """Held objects of one study that one decision is of. `first` stands for all of them."""

    first: ReceivedObject
    objects: int
    series: int
    since: datetime
    newest: datetime


@dataclass(frozen=True)
class Compared:
    """One fact beside what the record says: "same", "differs" or "" where one side is silent."""

    label: str
    stated: str
    recorded: str
    verdict: str


@dataclass(frozen=True)
class LikelyPatient:
    """A patient whom the objects may be of, why, and the facts side by side."""

    patient: Patient
    reasons: tuple[str, ...]
    compared: tuple[Compared, ...]

    @property
    def differs(self) -> bool:
        """Whether the record contradicts what the files state."""
        return any(one.verdict == "differs" for one in self.compared)


def reconcilable(user: User) -> ReceivedObjectQuerySet:
    """Held objects that this person may decide about, those in quarantine aside."""
    if not has_perm(user, Action.UPLOAD_STUDY):
        return ReceivedObject.objects.none()
    return ReceivedObject.objects.visible_to(user).held().not_quarantined()


def in_quarantine(user: User) -> ReceivedObjectQuerySet:
    """Objects whose UID another one has, for who may decide about them."""
    if not has_perm(user, Action.DECIDE_CONFLICT):
        return ReceivedObject.objects.none()
    return ReceivedObject.objects.visible_to(user).held().quarantined()


def awaiting(user: User) -> int:
    """How many studies and conflicts await this person's decision, in two queries.

    `MOST_COUNTED` stands for any more: it is asked once a minute by everybody.
    """
    groups = reconcilable(user).order_by().values(*_GROUPED_BY).distinct()[:MOST_COUNTED].count()
    conflicts = in_quarantine(user).order_by()[:MOST_COUNTED].count()
    return min(groups + conflicts, MOST_COUNTED)


def held_studies(rows: ReceivedObjectQuerySet, *, most: int) -> list[HeldStudy]:
    """The objects by study, the oldest `most` first; two queries."""
    groups = list(
        rows.order_by()
        .values(*_GROUPED_BY)
        .annotate(
            first=Min(Cast("pk", CharField())),
            objects=Count("pk"),
            series=Count("series_instance_uid", distinct=True),
            since=Min("received_at"),
            newest=Max("received_at"),
        )
        .order_by("since", "first")[:most]
    )
    ids = [UUID(group["first"]) for group in groups]
    found = ReceivedObject.objects.select_related("clinic", "received_by", "patient").in_bulk(ids)
    return [
        HeldStudy(found[pk], *(group[name] for name in ("objects", "series", "since", "newest")))
        for pk, group in zip(ids, groups, strict=True)
        if pk in found  # decided a moment ago
    ]


def lately_discarded(user: User, *, since: datetime, most: int) -> list[ReceivedObject]:
    """One object of each discard since then that the person may undo, the newest first."""
    rows = ReceivedObject.objects.visible_to(user).filter(
        state=ReceivedState.DISCARDED, decided_at__gte=since
    )
    if not has_perm(user, Action.DECIDE_CONFLICT):
        rows = rows.not_quarantined()
    discards = (
        rows.order_by()
        .values("decided_at", *_GROUPED_BY)
        .annotate(first=Min(Cast("pk", CharField())))
        .order_by("-decided_at", "first")
        .values_list("first", flat=True)[:most]
    )
    ids = [UUID(first) for first in discards]
    found = ReceivedObject.objects.select_related("decided_by").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def likely_patients(row: ReceivedObject, *, user: User) -> list[LikelyPatient]:
    """Patients whom the object may be of, at most `MOST_CANDIDATES`, the likeliest first.

    By ID, then name, then birth date; first of all who has the study, or whom the sender chose.
    None that was merged away; archived ones too, which say so.
    """
    name = stated_name(row)
    known = _known_patients(row)
    like = Q(pk__in=known)
    if key := mrn_key(row.stated_patient_id):
        like |= Q(mrn_key=key)
        if skeleton := mrn_skeleton(row.stated_patient_id):
            like |= Q(mrn_skeleton=skeleton)
    if name.family:
        like |= Q(name_key=name_key(name.family, name.given)) | Q(family_name__iexact=name.family)
    if row.stated_birth_date:
        like |= Q(birth_date=row.stated_birth_date)
    rows = Patient.objects.visible_to(user).filter(like, clinic_id=row.clinic_id, merged_into=None)
    found = []
    for patient in rows.order_by("created_at", "pk")[:_LOOKED_AT]:
        score, reasons = _likeness(row, patient, known)
        if score:
            found.append((score, LikelyPatient(patient, reasons, compared(row, patient))))
    found.sort(key=lambda one: one[0], reverse=True)  # of equals the older one first
    return [one for _, one in found[:MOST_CANDIDATES]]


def compared(row: ReceivedObject, patient: Patient) -> tuple[Compared, ...]:
    """What the object states beside what the record says of this patient."""
    name = stated_name(row)
    stated = ", ".join(part for part in (name.family, name.given) if part)
    is_same_name = name_key(name.family, name.given) == patient.name_key
    issuer = f" ({row.stated_issuer})" if row.stated_issuer else ""
    is_same_id = is_own_issuer(row) and mrn_key(row.stated_patient_id) == patient.mrn_key
    sex = {value: str(label) for value, label in Sex.choices if value != Sex.UNKNOWN}
    number = Compared(
        "Patient ID",
        f"{row.stated_patient_id}{issuer}" if row.stated_patient_id else "",
        patient.mrn,
        # What another system calls somebody contradicts no MRN.
        _verdict(is_same_id) if row.stated_patient_id and is_own_issuer(row) else "",
    )
    return (
        number,
        _compare("Name", stated, patient.name, is_same=is_same_name),
        _compare("Birth date", _day(row.stated_birth_date), _day(patient.birth_date)),
        _compare("Sex", sex.get(row.stated_sex, ""), sex.get(patient.sex, "")),
    )


def _compare(label: str, stated: str, recorded: str, *, is_same: bool | None = None) -> Compared:
    if not stated or not recorded:
        return Compared(label, stated, recorded, "")
    return Compared(
        label, stated, recorded, _verdict(stated == recorded if is_same is None else is_same)
    )


def _verdict(is_same: bool) -> str:
    return "same" if is_same else "differs"


def _known_patients(row: ReceivedObject) -> dict[Any, tuple[int, str]]:
    """Patients who have to do with the object already: how much that says, and in words."""
    found: dict[Any, tuple[int, str]] = {}
    clinic = {"clinic_id": row.clinic_id}
    issuer = "" if is_own_issuer(row) else row.stated_issuer
    identifiers = PatientIdentifier.objects.in_force().filter(**clinic)
    named = identifiers.named(issuer=issuer, value=row.stated_patient_id)
    for one in named.select_related("patient__merged_into"):
        found[survivor(one.patient).pk] = (40, "has this ID of another system")
    for study in Study.objects.filter(**clinic, study_instance_uid=row.study_instance_uid):
        found[study.patient_id] = (100, "the clinic has this study for this patient")
    if row.patient is not None:
        found.setdefault(survivor(row.patient).pk, (50, "chosen by who sent it"))
    return found


def _likeness(
    row: ReceivedObject, patient: Patient, known: dict[Any, tuple[int, str]]
) -> tuple[int, tuple[str, ...]]:
    score, reasons = 0, []

    def add(points: int, words: str) -> None:
        nonlocal score
        score += points
        reasons.append(words)

    if patient.pk in known:
        add(*known[patient.pk])
    name, stated_id = stated_name(row), row.stated_patient_id
    if mrn_key(stated_id) and mrn_key(stated_id) == patient.mrn_key:
        add(30 if is_own_issuer(row) else 10, "same ID")
    elif mrn_skeleton(stated_id) and mrn_skeleton(stated_id) == patient.mrn_skeleton:
        add(8, "look-alike ID")
    if name.family and name_key(name.family, name.given) == patient.name_key:
        add(12, "same name")
    elif name.family and folded(name.family) == folded(patient.family_name):
        add(5, "same family name")
    if row.stated_birth_date and row.stated_birth_date == patient.birth_date:
        add(10, "same birth date")
    # Of two that are alike, first the one that can be chosen.
    return max(0, 2 * score - patient.is_archived), tuple(reasons)


def _day(day: date | None) -> str:
    return date_format(day, "j M Y") if day else ""
