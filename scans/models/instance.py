"""Instance of DICOM's hierarchy: a stored file, of which an image is one frame."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable
from scans.models.decoding import DecodedLater, Decoding
from scans.models.patient import Patient
from scans.models.study import Series, Study, mint_uid


class InstanceQuerySet(ClinicQuerySet["Instance"]):
    clinic_lookup = "clinic"

    def without_images(self) -> Self:
        """Stored objects that are no image: structured reports, raw data and others."""
        return self.filter(number_of_frames=0)

    def to_decode(self) -> Self:
        """Those whose pixels wait for a worker, the longest first."""
        return self.filter(decoding=Decoding.WAITING).order_by("decoding_queued_at", "pk")

    def decoding_not_dispatched_since(self, moment: datetime) -> Self:
        """Those that wait, and of which no worker was told since then."""
        return self.to_decode().filter(decoding_dispatched_at__lt=moment)

    def with_lapsed_decoding(self, moment: datetime) -> Self:
        """Those whose worker has not finished within its lease."""
        return self.filter(decoding=Decoding.RUNNING, decoding_lease_expires_at__lt=moment)


class Instance(Undeletable, DecodedLater):
    """One file, its bytes stored as received, under a name of our own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    # The same as series.study.patient, and the clinic of it: here so that the database itself
    # refuses a second copy for the patient, and a second instance of one UID in the clinic.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="instances")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="instances")
    sop_instance_uid = models.CharField(
        "SOP instance UID",
        max_length=64,
        default=mint_uid,
        help_text="Minted where the file brings none.",
    )
    sop_class_uid = models.CharField(
        "SOP class UID", max_length=64, blank=True, default="", help_text="Of a DICOM file."
    )
    transfer_syntax_uid = models.CharField(
        "transfer syntax UID", max_length=64, blank=True, default="", help_text="Of a DICOM file."
    )
    kind = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="What a DICOM object is, for example a structured report.",
    )
    instance_number = models.IntegerField(null=True, blank=True, help_text="Of a DICOM file.")
    # Where it stood in its upload, whatever order the network delivered; null in older rows.
    upload_place = models.PositiveBigIntegerField(null=True, editable=False)
    filename = models.CharField(max_length=255, help_text="As the client named it; never a path.")
    media_type = models.CharField(max_length=40)
    sha256 = models.CharField("SHA-256", max_length=64)
    # Of a clinic that replaces names, keyed hashes of what came: by these it is found again.
    received_sha256 = models.CharField(max_length=64, blank=True, default="", editable=False)
    received_uid = models.CharField(max_length=64, blank=True, default="", editable=False)
    # The patient had the same file already when this study was moved to them.
    is_repeat = models.BooleanField(default=False, editable=False)
    byte_size = models.PositiveBigIntegerField()
    number_of_frames = models.PositiveIntegerField(
        default=1, help_text="Its images; 0 of an object that is no image."
    )
    file = models.FileField(max_length=200, help_text="The original bytes.")
    # DICOM JSON (PS3.18 annex F), bulk data left out; null for files that have no such header.
    header = models.JSONField(null=True, blank=True, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "id"]
        indexes = [
            *DecodedLater.Meta.indexes,
            models.Index(
                fields=["clinic", "received_uid"],
                condition=~Q(received_uid=""),
                name="instance_received_uid",
            ),
            models.Index(
                fields=["patient", "received_sha256"],
                condition=~Q(received_sha256=""),
                name="instance_received_sha256",
            ),
        ]
        constraints = [
            *DecodedLater.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "sha256"],
                condition=Q(is_repeat=False),
                name="instance_once_a_patient",
            ),
            # Not across clinics: a file that two of them hold tells neither of the other.
            models.UniqueConstraint(
                fields=["clinic", "sop_instance_uid"], name="instance_uid_in_clinic"
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def study(self) -> Study:
        return self.series.study
