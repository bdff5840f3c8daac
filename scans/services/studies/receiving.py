"""Receiving studies: files become rows with one queued analysis an image, each file as a whole."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from accounts import audit
from accounts.clinical_write import clinical_write
from accounts.models import User
from accounts.policy import Action, require
from scans import audit_events, ingest
from scans.ingest.limits import upload_limits
from scans.ingest.rendition import rendition, thumbnail
from scans.models import Image, Instance, Patient, Series, Study
from scans.models.acquisition import ACQUISITION
from scans.models.reading import Priority, ReadersRequired
from scans.services.analyses.lifecycle import queue_analyses
from scans.services.analyses.series_statements import update_series_statement
from scans.services.patients.records import refuse_merged
from scans.services.studies.acquisitions import acquisition_of_file, checked_acquisition
from scans.services.studies.image_order import ImageNumbers
from scans.services.studies.priority import checked_priority, set_priority
from scans.services.studies.read_studies import is_read
from scans.services.studies.stated import checked_statements

log = structlog.get_logger(__name__)
# The largest image allowed takes over a gigabyte while it is decoded.
_decoding = threading.BoundedSemaphore(2)
RECEIVED, DUPLICATE, REFUSED = "received", "duplicate", "refused"
_PLACES_OF_A_FILE = 1_000_000  # more than a ZIP may have entries
_CHOSEN_TWICE = "This image was chosen twice: it is in this upload already."
OF_ANOTHER_PATIENT = (
    "Another patient of the clinic has exactly this image. See whether this is the right patient."
)
_STUDY_READ = "This study is read already. Upload the rest as a new study."


@dataclass(frozen=True)
class FileOutcome:
    """The outcome of one file. `image` is its first image: a new one, or the one it repeats.

    `of_other_patient` is the same image of another patient, of the sender's clinic: perhaps the
    wrong patient was chosen. `warning` says so in words.
    """

    filename: str
    outcome: str
    code: str = ""
    detail: str = ""
    image: Image | None = None
    of_other_patient: Image | None = None

    @property
    def warning(self) -> str:
        """What to look at although the file was received; empty where there is nothing."""
        return OF_ANOTHER_PATIENT if self.of_other_patient else ""


@dataclass(frozen=True)
class Receipt:
    """The outcomes of one upload. `study` is None where no file could be accepted."""

    study: Study | None
    outcomes: tuple[FileOutcome, ...]

    @property
    def received(self) -> tuple[FileOutcome, ...]:
        """The files that are images of the study now."""
        return self._only(RECEIVED)

    @property
    def warned(self) -> tuple[FileOutcome, ...]:
        """The files that were received and that another patient has as well."""
        return tuple(row for row in self.outcomes if row.warning)

    @property
    def duplicates(self) -> tuple[FileOutcome, ...]:
        """The files that the patient has already, in another upload."""
        return self._only(DUPLICATE)

    @property
    def refused(self) -> tuple[FileOutcome, ...]:
        """The files that could not be accepted, each with a code and a sentence."""
        return self._only(REFUSED)

    def _only(self, outcome: str) -> tuple[FileOutcome, ...]:
        return tuple(row for row in self.outcomes if row.outcome == outcome)


@dataclass(frozen=True)
class _Stored:
    """One file that was decoded and is in the storage, under names of our own; no row yet.

    `instance` and each of `images` are fields of the rows to come, `names` all its stored files.
    """

    filename: str
    instance: dict[str, Any]
    images: tuple[dict[str, Any], ...]
    names: tuple[str, ...]

    @property
    def acquisition(self) -> dict[str, Any]:
        """What the file states of its slices."""
        return {name: self.images[0][name] for name in ACQUISITION}


def receive_study(
    *,
    user: User,
    patient: Patient,
    study_date: date,
    description: str = "",
    clinical_question: str = "",
    referring_physician: str = "",
    accession_number: str = "",
    priority: str = Priority.ROUTINE,
    files: Sequence[File],
    upload_id: UUID | None = None,
    place: int = 0,
    acquisition: Mapping[str, Any] | None = None,
) -> Receipt:
    """Receive the files of one study of this patient, each accepted or refused on its own.

    Calls with one `upload_id` by one user fill one study, and a file sent again in it is received
    again without a second row; once a verdict on it is signed it takes no new image, which nobody
    would read. The outcomes are in the order of the files; a ZIP gives one for each file in it. No
    study is made where nothing could be accepted.

    The images stand in the order of the files, those of a ZIP by name. Where the files of one
    upload come in several calls, `place` is where the first of a call stands in it: files that
    overtake others on the way are put in their place. A file sent again has the place that it had;
    the same image at another place is a duplicate.

    `acquisition` is what the sender states of the slices, by the names in `ACQUISITION`: it counts
    for what the files do not state themselves. `priority` is that of the study as it arrives: of a
    stat one the readers are told then, once; a later call of the same upload does not change it.

    Raises `NotAllowedError`, or `ValidationError` for the date, the description, the acquisition,
    the priority, an archived patient, or an upload id that belongs to another patient's study.
    """
    require(user, Action.UPLOAD_STUDY, patient)  # before anything is decoded
    if checked_priority(priority) != Priority.ROUTINE:
        require(user, Action.PRIORITIZE_STUDY, patient)
    _refuse_archived(patient)
    stated = checked_statements(
        patient,
        {
            "study_date": study_date,
            "description": description,
            "clinical_question": clinical_question,
            "referring_physician": referring_physician,
            "accession_number": accession_number,
        },
    )
    acquisition = checked_acquisition(acquisition or {})
    offers: list[_Stored | FileOutcome] = []
    try:
        for number, file in enumerate(files, place):
            offers.extend(_store(patient, file, place=number))
        receipt = _write(
            user=user,
            patient=patient,
            stated=stated,
            priority=priority,
            upload_id=upload_id,
            acquisition=acquisition,
            offers=offers,
        )
    finally:
        _discard_unused(offer for offer in offers if isinstance(offer, _Stored))
    return receipt


def _refuse_archived(patient: Patient) -> None:
    try:
        refuse_merged(patient)
    except ValidationError as error:
        raise ValidationError({"patient": error.messages}) from None
    if patient.is_archived:
        raise ValidationError(
            {"patient": "This patient is archived. Restore the patient, then upload the study."}
        )


def _store(patient: Patient, file: File, *, place: int) -> Iterator[_Stored | FileOutcome]:
    """Decode the images of a file and store them; the files of a ZIP one after the other."""
    limits = upload_limits()
    filename = _plain_name(file.name or "unnamed")
    offers = ingest.unpack(filename, file, file.size, limits)
    for entry, offer in enumerate(offers):
        name = offer.filename[-255:]
        try:
            if isinstance(offer.content, ingest.Refusal):
                raise offer.content
            with _decoding:
                decoded = ingest.decode(offer.content, limits, filename=name)
        except ingest.Refusal as refusal:
            yield FileOutcome(name, REFUSED, refusal.code, refusal.detail)
            continue
        folder = f"images/{patient.clinic_id}/{uuid4()}"
        instance: dict[str, Any] = {
            "file": default_storage.save(f"{folder}/original", ContentFile(offer.content)),
            "upload_place": place * _PLACES_OF_A_FILE + entry,
            "sha256": offer.sha256,
            "byte_size": len(offer.content),
            "media_type": decoded.metadata.media_type,
            "number_of_frames": len(decoded.images),
        }
        acquisition = acquisition_of_file(decoded.metadata)
        images = tuple(_store_image(folder, image) | acquisition for image in decoded.images)
        pictures = (image[field] for image in images for field in ("rendition", "thumbnail"))
        yield _Stored(name, instance, images, (instance["file"], *pictures))


def _store_image(folder: str, image: ingest.DecodedImage) -> dict[str, Any]:
    """Store what the screen shows of one image, in the folder of its file; return its fields."""
    contents = {"rendition": rendition(image.pixels), "thumbnail": thumbnail(image.pixels)}
    names = {
        field: default_storage.save(
            f"{folder}/{field}-{image.frame_number}.png", ContentFile(content)
        )
        for field, content in contents.items()
    }
    return names | {
        "frame_number": image.frame_number,
        "width": image.width,
        "height": image.height,
        "bits_stored": image.bits_stored,
        "pixel_spacing_row": image.spacing and image.spacing.row,
        "pixel_spacing_column": image.spacing and image.spacing.column,
    }


@clinical_write(Action.UPLOAD_STUDY, on="patient")
def _write(
    *,
    user: User,
    patient: Patient,
    stated: Mapping[str, Any],
    priority: str,
    upload_id: UUID | None,
    acquisition: Mapping[str, Any],
    offers: Sequence[_Stored | FileOutcome],
) -> Receipt:
    # One upload at a time for a patient: two copies of a file cannot both find themselves new.
    # Read again: somebody may have archived the patient while the files were decoded.
    _refuse_archived(Patient.objects.select_for_update().get(pk=patient.pk))
    study = _study_of_upload(user, patient, upload_id)
    is_new_study = study is None
    takes_no_more = study is not None and is_read(study)
    outcomes: list[FileOutcome] = []
    series: Series | None = study.series.first() if study else None
    grows = series is not None
    numbers = ImageNumbers(series, is_new=False) if series is not None else None
    images: list[Image] = []
    for offer in offers:
        if isinstance(offer, FileOutcome):
            outcomes.append(offer)
            continue
        known = _image_of(patient, sha256=offer.instance["sha256"])
        if known is not None:
            is_new = any(image.instance_id == known.instance_id for image in images)
            same_upload = is_new or (upload_id is not None and known.study == study)
            outcomes.append(_known(offer, known, same_upload=same_upload))
            continue
        if takes_no_more:
            outcomes.append(FileOutcome(offer.filename, REFUSED, "study_read", _STUDY_READ))
            continue
        if study is None:
            study = Study.objects.create(
                clinic_id=patient.clinic_id,
                patient=patient,
                **stated,
                upload_id=upload_id,
                received_by=user,
                readers_required=ReadersRequired.TWO
                if patient.clinic.double_reading
                else ReadersRequired.ONE,
            )
        if series is None:
            # What the files state themselves goes before what is stated of them.
            in_file = offer.acquisition
            fields = {name: value for name, value in acquisition.items() if not in_file[name]}
            series = Series.objects.create(study=study, **fields)
        if numbers is None:
            numbers = ImageNumbers(series, is_new=True)
        new = _write_file(offer, series=series, patient=patient, numbers=numbers)
        images.extend(new)
        outcomes.append(FileOutcome(offer.filename, RECEIVED, image=new[0]))
    queue_analyses(images, user=user)
    if grows and series is not None and images:
        update_series_statement(series.pk)  # it has more slices now
    if study is not None and images:
        audit.record(
            actor=user,
            event=audit_events.STUDY_RECEIVED,
            row=study,
            patient_id=patient.pk,
            detail={"images": len(images)},
        )
        if is_new_study and priority != Priority.ROUTINE:
            study = set_priority(user=user, study=study, priority=priority)
    is_received = any(outcome.outcome == RECEIVED for outcome in outcomes)
    return Receipt(study if is_received else None, _with_other_patients(user, patient, outcomes))


def _with_other_patients(
    user: User, patient: Patient, outcomes: Sequence[FileOutcome]
) -> tuple[FileOutcome, ...]:
    """Each file that was received with the same image of another patient; one query for all."""
    received = [one.image for one in outcomes if one.outcome == RECEIVED and one.image]
    hashes = {image.instance.sha256 for image in received}
    images = Image.objects.visible_to(user).with_instance().select_related("series__study")
    others: dict[str, Image] = {}
    for image in images.filter(instance__sha256__in=hashes).exclude(patient=patient):
        others.setdefault(image.instance.sha256, image)
    return tuple(
        replace(one, of_other_patient=others.get(one.image.instance.sha256))
        if one.outcome == RECEIVED and one.image
        else one
        for one in outcomes
    )


def _write_file(
    offer: _Stored, *, series: Series, patient: Patient, numbers: ImageNumbers
) -> list[Image]:
    """Write the instance and its images, which stand in the series in the order of the frames."""
    instance = Instance.objects.create(
        series=series,
        patient=patient,
        clinic_id=patient.clinic_id,
        filename=offer.filename,
        **offer.instance,
    )
    first = numbers.make_room(place=offer.instance["upload_place"], images=len(offer.images))
    return Image.objects.bulk_create(
        Image(series=series, patient=patient, instance=instance, number=number, **fields)
        for number, fields in enumerate(offer.images, first)
    )


def _image_of(patient: Patient, *, sha256: str) -> Image | None:
    """Return the first image of the file that the patient has already; None for a new one."""
    images = Image.objects.with_instance().select_related("series__study")
    return images.filter(instance__patient=patient, instance__sha256=sha256).first()


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


def _known(offer: _Stored, image: Image, *, same_upload: bool) -> FileOutcome:
    if same_upload and image.instance.upload_place in (None, offer.instance["upload_place"]):
        return FileOutcome(offer.filename, RECEIVED, image=image)
    detail = "This patient already has exactly this image: the one received before is kept."
    if same_upload:
        detail = _CHOSEN_TWICE
    return FileOutcome(offer.filename, DUPLICATE, "duplicate", detail, image)


def _plain_name(name: str) -> str:
    """The last part of the client's name of the file, without control characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable()) or "unnamed"


def _discard_unused(stored: Iterable[_Stored]) -> None:
    """Delete the files that got no row.

    The rows decide, not the way the upload ended: it may fail after its commit, and then the
    files are in use. Nothing here may fail an upload that was received.
    """
    try:
        mine = {item.instance["file"]: item for item in stored}
        used = Instance.objects.filter(file__in=mine).values_list("file", flat=True)
        for name in set(mine) - set(used):
            for leftover in mine[name].names:
                default_storage.delete(leftover)
    except Exception:  # each storage and database brings errors of its own
        log.exception("upload.discard_failed")
