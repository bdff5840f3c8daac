"""Who may be the same person: the same name, look-alike MRNs, the same MRN twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Q, When

from accounts.models import User
from scans.models import Patient
from scans.models.patient import name_key
from scans.models.search_text import mrn_key, mrn_skeleton

MOST = 5


@dataclass(frozen=True)
class Candidate:
    """A patient who may be the same person, and why."""

    patient: Patient
    reason: str


def candidates_for(
    *,
    user: User,
    mrn: str,
    family_name: str,
    given_name: str = "",
    birth_date: date | None = None,
    but: Patient | None = None,
) -> list[Candidate]:
    """Return the patients who may be the one described, the likeliest first, at most `MOST`.

    Archived ones too, but none that was merged away. Who has only the name in common comes last,
    and is said to: a birth date is mistyped, and two people have one name.
    """
    name, key, skeleton = name_key(family_name, given_name), mrn_key(mrn), mrn_skeleton(mrn)
    close = Q(mrn_key=key)
    if skeleton:
        close |= Q(mrn_skeleton=skeleton)
    if birth_date is not None:
        close |= Q(name_key=name, birth_date=birth_date)
    rows = Patient.objects.visible_to(user).filter(close | Q(name_key=name), merged_into=None)
    rows = rows.order_by(Case(When(close, then=0), default=1), "created_at", "pk")
    if but is not None:
        rows = rows.filter(clinic_id=but.clinic_id).exclude(pk=but.pk)
    found = []
    for row in rows[: 4 * MOST]:
        same_name = row.name_key == name
        same_person = same_name and birth_date is not None and row.birth_date == birth_date
        same_mrn, like_mrn = row.mrn_key == key, bool(skeleton) and row.mrn_skeleton == skeleton
        if same_person:
            of_name = "same name and birth date"
        elif same_name and None in (row.birth_date, birth_date):
            of_name = "same name, a birth date not known"
        else:
            of_name = "same name, other birth date" if same_name else ""
        of_mrn = "same MRN" if same_mrn else "look-alike MRN" if like_mrn else ""
        likeness = (same_person and bool(of_mrn), same_mrn, same_person, like_mrn)
        found.append((likeness, Candidate(row, " and ".join(filter(None, (of_name, of_mrn))))))
    found.sort(key=lambda one: one[0], reverse=True)  # of equals the older one first
    return [one for _, one in found[:MOST]]


def candidates_of(*, user: User, patient: Patient) -> list[Candidate]:
    """Return the other patients who may be the same person as this one."""
    if patient.merged_into_id is not None:
        return []
    return candidates_for(
        user=user,
        mrn=patient.mrn,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        but=patient,
    )


def without_same_mrn(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Leave out who has the very MRN, which a registration refuses by itself."""
    return [one for one in candidates if "same MRN" not in one.reason]
