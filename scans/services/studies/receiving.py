"""Receiving studies: files become rows with one queued analysis an image, each file as a whole.

What is in a file is decoded and stored by `storing`; `destination` decides whether it is taken and
of which study it is; `placing` says where its images stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import IntegrityError

from accounts import audit
from accounts.clinical_write import clinical_transaction, clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events
from scans.models import Image, Patient, Study
from scans.models.reading import Priority
from scans.services.analyses.lifecycle import queue_analyses
from scans.services.analyses.series_statements import update_series_statement
from scans.services.analyses.slice_choice import images_to_analyze
from scans.services.patients.records import refuse_merged
from scans.services.studies.acquisitions import checked_acquisition
from scans.services.studies.arrival import complete_study, note_received, signed_last_at
from scans.services.studies.decoding.dispatch import dispatch_on_commit
from scans.services.studies.destination import Destination, Known
from scans.services.studies.held_uploads import file_held, hold_refused
from scans.services.studies.placing import Placed, Placing
from scans.services.studies.priority import checked_priority, set_priority
from scans.services.studies.receipts import (
    CHOSEN_TWICE,
    DUPLICATE,
    RECEIVED,
    FileOutcome,
    Receipt,
)
from scans.services.studies.stated import checked_statements
from scans.services.studies.storing import Stored, discard_unused, store

_ATTEMPTS = 3  # two uploads for two patients may bring one UID at the same moment


def receive_study(
    *,
    user: User,
    patient: Patient,
    study_date: date | None,
    description: str = "",
    clinical_question: str = "",
    referring_physician: str = "",
    accession_number: str = "",
    priority: str = Priority.ROUTINE,
    files: Sequence[File],
    upload_id: UUID | None = None,
    place: int = 0,
    acquisition: Mapping[str, Any] | None = None,
    confirm_identity: bool = False,
    fallback_date: date | None = None,
    is_complete: bool | None = None,
) -> Receipt:
    """Receive the files of one study of this patient, each accepted or refused on its own.

    Calls with one `upload_id` by one user fill one study, and a file sent again in it is received
    again without a second row. Images that come after a verdict or a report was signed are received
    as well, and mark the study (`scans.services.studies.arrival`). The outcomes are in the order of
    the files; a ZIP gives one for each file in it. No study is made where nothing could be
    accepted; where all of them were there before, the receipt is of the study that has them.

    The images stand in the order of the files, those of a ZIP by name. Where the files of one
    upload come in several calls, `place` is where the first of a call stands in it: files that
    overtake others on the way are put in their place. A file sent again has the place that it had;
    the same image at another place is a duplicate.

    `acquisition` is what the sender states of the slices, by the names in `ACQUISITION`: it counts
    for what the files do not state themselves. `priority` is that of the study as it arrives: of a
    stat one the readers are told then, once; a later call of the same upload does not change it.

    DICOM files of one study make one study under its UID, whether they come in one upload or in
    several; what is not stated of it (None for the day) is taken from them, and `fallback_date`
    counts where they do not state the day either. A file that names another patient is refused with
    the code `identity_differs`, unless the sender says that it is of this one (`confirm_identity`).
    It is held meanwhile, and a file whose UID another one has is kept in quarantine.

    `is_complete` says that the study has arrived with these files, or (False) that more may come.
    None leaves it to the files: pictures without an upload id are complete, others are after a
    quiet time.

    Raises `NotAllowedError`, or `ValidationError` for the date, the description, the acquisition,
    the priority, an archived patient, or an upload id that belongs to another patient's study.
    """
    require(user, Action.UPLOAD_STUDY, patient)  # before anything is decoded
    if checked_priority(priority) != Priority.ROUTINE:
        require(user, Action.PRIORITIZE_STUDY, patient)
    _refuse_archived(patient)
    values: dict[str, Any] = {
        "description": description,
        "clinical_question": clinical_question,
        "referring_physician": referring_physician,
        "accession_number": accession_number,
    }
    days = {"study_date": study_date} if study_date is not None else {}
    stated = {"study_date": None} | checked_statements(patient, values | days)
    if fallback_date is not None:
        checked_statements(patient, {"study_date": fallback_date})
    acquisition = checked_acquisition(acquisition or {})
    offers: list[Stored | FileOutcome] = []
    try:
        for number, file in enumerate(files, place):
            offers.extend(store(patient, file, place=number))
        return _write_again(
            user=user,
            patient=patient,
            stated=stated,
            fallback_date=fallback_date,
            priority=priority,
            upload_id=upload_id,
            acquisition=acquisition,
            offers=offers,
            confirm_identity=confirm_identity,
            is_upload=True,
            is_complete=is_complete,
        )
    finally:
        discard_unused(offer for offer in offers if isinstance(offer, Stored))


def receive_stored(
    *,
    user: User,
    patient: Patient,
    offers: Sequence[Stored | FileOutcome],
    fallback_date: date,
    after: Callable[[Receipt], None],
) -> Receipt:
    """Receive DICOM objects of one study that are stored, for this patient, whoever they name.

    What is stated of the study is taken from them, the day from `fallback_date` where they do not
    state it. `after` is called with the receipt in the same transaction: what it raises undoes all.

    Raises `NotAllowedError`, or `ValidationError` for an archived patient.
    """
    stated = {
        "study_date": None,
        "description": "",
        "clinical_question": "",
        "referring_physician": "",
        "accession_number": "",
    }
    try:
        return _write_again(
            user=user,
            patient=patient,
            stated=stated,
            fallback_date=fallback_date,
            priority=Priority.ROUTINE,
            upload_id=None,
            acquisition=checked_acquisition({}),
            offers=offers,
            confirm_identity=True,
            is_upload=False,
            is_complete=False,
            after=after,
        )
    finally:
        discard_unused(offer for offer in offers if isinstance(offer, Stored))


def _write_again(*, after: Callable[[Receipt], None] | None = None, **of_write: Any) -> Receipt:
    """Write; once more where somebody else has written the same UID for another patient meanwhile.

    Then it is seen, and said.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            if after is None:
                return _write(**of_write)
            with clinical_transaction():
                receipt = _write(**of_write)
                after(receipt)
                return receipt
        except IntegrityError:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")


def _refuse_archived(patient: Patient) -> None:
    try:
        refuse_merged(patient)
    except ValidationError as error:
        raise ValidationError({"patient": error.messages}) from None
    if patient.is_archived:
        raise ValidationError(
            {"patient": "This patient is archived. Restore the patient, then upload the study."}
        )


@clinical_write(Action.UPLOAD_STUDY, on="patient")
def _write(
    *,
    user: User,
    patient: Patient,
    stated: Mapping[str, Any],
    fallback_date: date | None,
    priority: str,
    upload_id: UUID | None,
    acquisition: Mapping[str, Any],
    offers: Sequence[Stored | FileOutcome],
    confirm_identity: bool,
    is_upload: bool,
    is_complete: bool | None,
) -> Receipt:
    # One upload at a time for a patient: two copies of a file cannot both find themselves new.
    # Read again: somebody may have archived the patient while the files were decoded.
    _refuse_archived(Patient.objects.select_for_update().get(pk=patient.pk))
    destination = Destination(
        user=user,
        patient=patient,
        upload_id=upload_id,
        known=Known.of(patient, (offer for offer in offers if isinstance(offer, Stored))),
        confirm_identity=confirm_identity,
        is_complete=is_complete,
        study=_study_of_upload(user, patient, upload_id),
    )
    decided = [
        offer if isinstance(offer, FileOutcome) else destination.take(offer) for offer in offers
    ]
    placed, study = Placed(), destination.study
    if destination.taken:
        study = destination.made(stated=stated, fallback_date=fallback_date)
        signed_at = None if destination.is_new else signed_last_at(study)
        placing = Placing(
            study=study,
            patient=patient,
            is_new=destination.is_new,
            keeps_numbers=signed_at is not None,
            acquisition=acquisition,
        )
        placed = placing.place(destination.taken)
        study = _announce(user, study, placed, destination, priority=priority, signed_at=signed_at)
    if is_upload:  # what was received is not held here: who files it decides
        hold_refused(user=user, patient=patient, offers=offers, decided=decided)
        file_held(patient, destination.taken)
    outcomes = _outcomes(offers, decided, placed)
    if not destination.taken:  # where all of them were there before
        study = next((one.study for one in outcomes if one.study), None)
        if study is not None and is_complete:
            study = complete_study(user=user, study=study)
    return Receipt(study, _with_other_patients(user, patient, outcomes))


def _announce(
    user: User,
    study: Study,
    placed: Placed,
    destination: Destination,
    *,
    priority: str,
    signed_at: datetime | None,
) -> Study:
    """Queue the analyses, make statements on series that have grown, and record what came."""
    images = [image for some in placed.images.values() for image in some]
    dispatch_on_commit(images)
    queue_analyses(_to_analyze(images, placed), user=user)
    for series in placed.grown:
        if not series.why_not_analyzed:
            update_series_statement(series.pk)  # it has other slices now
    audit.record(
        actor=user,
        event=audit_events.STUDY_RECEIVED,
        row=study,
        patient_id=study.patient_id,
        detail={"images": len(images)},
    )
    if not destination.is_new:
        note_received(
            user=user,
            study=study,
            images=images,
            signed_at=signed_at,
            is_complete=destination.is_whole,
        )
    if destination.is_new and priority != Priority.ROUTINE:
        study = set_priority(user=user, study=study, priority=priority)
    return study


def _to_analyze(images: Sequence[Image], placed: Placed) -> list[Image]:
    """Each new image of a series that is analyzed, or so many that every n-th slice of it is."""
    every = [
        image
        for image in images
        if not image.series.why_not_analyzed and image.series.every_nth_slice == 1
    ]
    series = {row.pk: row for row in [*(image.series for image in images), *placed.grown]}
    some = [row for row in series.values() if not row.why_not_analyzed and row.every_nth_slice > 1]
    return [*every, *images_to_analyze(some)]


def _outcomes(
    offers: Sequence[Stored | FileOutcome], decided: Sequence[FileOutcome | int], placed: Placed
) -> list[FileOutcome]:
    """What became of each file; a second copy in one upload is a duplicate of the first."""
    outcomes, seen = [], set()
    for offer, decision in zip(offers, decided, strict=True):
        if isinstance(decision, FileOutcome):
            outcomes.append(decision)
            continue
        assert isinstance(offer, Stored)
        image = next(iter(placed.images.get(decision, ())), None)
        if decision in seen:
            outcomes.append(
                FileOutcome(offer.filename, DUPLICATE, "duplicate", CHOSEN_TWICE, image)
            )
            continue
        seen.add(decision)
        outcomes.append(
            FileOutcome(offer.filename, RECEIVED, "", _what_was_kept(offer, image), image)
        )
    return outcomes


def _what_was_kept(offer: Stored, image: Image | None) -> str:
    """What to know of a file that was received; empty of images that are analyzed."""
    if image is not None:
        return image.series.why_not_analyzed
    return f"Kept with the study; it is no image: {offer.dicom.kind}." if offer.dicom else ""


def _with_other_patients(
    user: User, patient: Patient, outcomes: Sequence[FileOutcome]
) -> tuple[FileOutcome, ...]:
    """Each file that was received with the same image of another patient; one query for all."""
    received = [one.image for one in outcomes if one.outcome == RECEIVED and one.image]
    hashes = {image.instance.sha256 for image in received}
    images = Image.objects.visible_to(user).with_instance().select_related("series__study")
    images = images.order_by("received_at", "pk")  # of several the one received first
    others: dict[str, Image] = {}
    for image in images.filter(instance__sha256__in=hashes).exclude(patient=patient):
        others.setdefault(image.instance.sha256, image)
    return tuple(
        replace(one, of_other_patient=others.get(one.image.instance.sha256))
        if one.outcome == RECEIVED and one.image
        else one
        for one in outcomes
    )


def _study_of_upload(user: User, patient: Patient, upload_id: UUID | None) -> Study | None:
    if upload_id is None:
        return None
    rows = Study.objects.select_for_update()  # nobody signs for it while images arrive
    study = rows.filter(received_by=user, upload_id=upload_id).first()
    if study is not None and study.patient_id != patient.pk:
        raise ValidationError(
            {"patient": "This upload was begun for another patient. Start a new upload."}
        )
    return study
