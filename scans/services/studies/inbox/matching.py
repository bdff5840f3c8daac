"""Whose an object is: by issuer and patient ID in the clinic, or by what a person has decided."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.policy import Action, has_perm
from scans import ingest
from scans.models import Patient, PatientIdentifier, ReceivedObject, Study
from scans.models.patient import Sex
from scans.models.received_object import STATED, HeldCode
from scans.models.received_object_states import ReceivedState
from scans.models.search_text import mrn_key
from scans.services.patients.candidates import candidates_for
from scans.services.patients.records import register_patient
from scans.services.studies.identity import differences
from scans.services.studies.inbox import wording


@dataclass(frozen=True)
class Match:
    """The patient, or why a person has to decide: a code and a sentence."""

    patient: Patient | None
    code: str = ""
    detail: str = ""


@dataclass(frozen=True)
class StatedName:
    """A person's name as DICOM writes it, in the two parts that a patient has."""

    family: str
    given: str


def match_patient(row: ReceivedObject, *, user: User, registers: bool = True) -> Match:
    """Find the patient of an object. Where the clinic wants it, `user` registers a new one.

    Where `registers` is false, nothing is written, and who would be registered is a match with
    neither a patient nor a code.

    In this order: whom a person has chosen for it; whom a person has confirmed for objects of the
    same study that name the patient alike; who has its (issuer, patient ID). The last must not
    contradict the name or the birth date that it states.
    """
    chosen = row.patient if row.is_confirmed else _confirmed_before(row)
    if chosen is not None:
        return _unless_archived(survivor(chosen))
    if row.is_matched and row.patient is not None:
        return _unless_archived(survivor(row.patient))
    if not row.stated_patient_id:
        return Match(None, HeldCode.NO_PATIENT, wording.NO_ID)
    patients = _with_identifier(row)
    if len(patients) > 1:
        return Match(None, HeldCode.NO_PATIENT, wording.SEVERAL)
    if not patients:
        return _registered(row, user, only_asked=not registers) or Match(
            None,
            HeldCode.NO_PATIENT,
            wording.no_patient(row.stated_patient_id, row.stated_issuer),
        )
    (patient,) = patients
    # The ID is the patient's, whether as MRN or as another identifier.
    identity = ingest.PatientIdentity(
        name=row.stated_name or None, birth_date=row.stated_birth_date
    )
    if found := differences(patient, identity):
        return Match(None, HeldCode.IDENTITY_DIFFERS, wording.differs(found))
    return _unless_archived(patient)


def match_by(row: ReceivedObject, identity: ingest.PatientIdentity) -> Patient | None:
    """Who has this identity in the clinic of the row, without writing it down anywhere."""
    if not identity.patient_id:
        return None
    asked = ReceivedObject(
        clinic=row.clinic,
        stated_patient_id=identity.patient_id,
        stated_issuer=identity.issuer or "",
    )
    patients = _with_identifier(asked)
    named = ingest.PatientIdentity(name=identity.name, birth_date=identity.birth_date)
    if len(patients) != 1 or differences(patients[0], named):
        return None
    return patients[0]


def is_own_issuer(row: ReceivedObject) -> bool:
    """Whether the ID is an MRN of the clinic: the file names no issuer, or the clinic's own."""
    own = row.clinic.patient_id_issuer
    return not row.stated_issuer or mrn_key(row.stated_issuer) == mrn_key(own)


def survivor(patient: Patient) -> Patient:
    """The patient whom this one was merged into, or itself."""
    while patient.merged_into is not None:
        patient = patient.merged_into
    return patient


def stated_name(row: ReceivedObject) -> StatedName:
    """The name that the object states, for a register; its first group that is not empty."""
    group = next((part for part in row.stated_name.split("=") if part.strip("^ ")), "")
    parts = [part.strip() for part in group.split("^")]
    given = " ".join(part for part in parts[1:3] if part)
    return StatedName(parts[0][:100] or given[:100], given[:100] if parts[0] else "")


def _with_identifier(row: ReceivedObject) -> list[Patient]:
    """Who has this (issuer, patient ID): one, none, or several with one MRN."""
    value, issuer = row.stated_patient_id, row.stated_issuer
    found: dict[object, Patient] = {}
    if is_own_issuer(row):
        issuer = ""
        for patient in Patient.objects.filter(clinic_id=row.clinic_id).with_mrn(value):
            found[survivor(patient).pk] = survivor(patient)
    if not found:
        identifiers = PatientIdentifier.objects.in_force().filter(clinic_id=row.clinic_id)
        for one in identifiers.named(issuer=issuer, value=value).select_related("patient"):
            found[survivor(one.patient).pk] = survivor(one.patient)
    return list(found.values())


def _confirmed_before(row: ReceivedObject) -> Patient | None:
    """Whom a person has confirmed for an object of this study that names the patient alike."""
    same = {name: getattr(row, name) for name in (*STATED, "clinic_id", "study_instance_uid")}
    filed = ReceivedObject.objects.filter(state=ReceivedState.FILED, is_confirmed=True, **same)
    before = filed.select_related("instance__patient").order_by("-decided_at").first()
    return before.instance.patient if before is not None and before.instance else None


def _unless_archived(patient: Patient) -> Match:
    if patient.is_archived:
        return Match(None, HeldCode.PATIENT_ARCHIVED, wording.ARCHIVED)
    return Match(patient)


def _registered(row: ReceivedObject, user: User, *, only_asked: bool) -> Match | None:
    """A patient made of what the file states, where the clinic wants it and nobody is similar."""
    name = stated_name(row)
    wanted = row.clinic.registers_patients_from_files and is_own_issuer(row)
    if not wanted or not name.family or not has_perm(user, Action.REGISTER_PATIENT):
        return None
    # Nobody is registered for what could not be filed for them.
    if Study.objects.filter(
        clinic_id=row.clinic_id, study_instance_uid=row.study_instance_uid
    ).exists():
        return Match(None, HeldCode.STUDY_OF_OTHER_PATIENT, wording.OTHER_PATIENT)
    values = {
        "mrn": row.stated_patient_id,
        "family_name": name.family,
        "given_name": name.given,
        "birth_date": row.stated_birth_date,
    }
    if candidates_for(user=user, **values):  # type: ignore[arg-type]
        return None
    if only_asked:
        return Match(None)
    try:
        patient = register_patient(user=user, sex=row.stated_sex or Sex.UNKNOWN, **values)  # type: ignore[arg-type]
    except ValidationError:  # the file states what cannot be, or somebody was quicker
        return None
    return Match(patient)
