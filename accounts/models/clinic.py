"""The clinic, and how it reads."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.policy import ClinicQuerySet
from accounts.undeletable import Undeletable

LONGEST_WAIT_MINUTES = 28 * 24 * 60
LONGEST_QUIET_SECONDS = 60 * 60
_WAIT_LIMITS = (MinValueValidator(5), MaxValueValidator(LONGEST_WAIT_MINUTES))


class FileIdentity(models.TextChoices):
    """Whether the files of a clinic name the patient."""

    KEEP = "keep", "Keep as they are"
    PSEUDONYMIZE = "pseudonymize", "Replace by pseudonyms"


class ClinicsQuerySet(ClinicQuerySet["Clinic"]):
    """Clinics: each is visible to its own people."""

    clinic_lookup = "id"


class Clinic(Undeletable, models.Model):
    """The tenant: nobody sees another clinic's rows, files or counts.

    Its settings of the reading room are changed by `accounts.clinics.change_reading_settings`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    read_first = models.BooleanField(
        "read first",
        default=False,
        help_text="Nobody sees the AI result of a study before they commit a finding of their own, "
        "or before the study is read.",
    )
    double_reading = models.BooleanField(
        "two readers",
        default=False,
        help_text="Each new study is read by two radiologists who do not see each other's "
        "findings.",
    )
    heatmap_at_first = models.BooleanField(
        "heatmap shown at first",
        default=False,
        help_text="Otherwise the heatmap is off until the reader asks for it.",
    )
    time_zone = models.CharField(
        "time zone",
        max_length=60,
        blank=True,
        help_text="Times on pages, due times and months of statistics are in it.",
    )
    open_at_first_image = models.BooleanField(
        "viewer opens at the first image",
        default=False,
        help_text="Otherwise it opens at the image that the AI finds most suspicious.",
    )
    warns_of_unshown_images = models.BooleanField(
        "asks before a finding is signed with images not shown",
        default=True,
        help_text="Whatever the finding: signing it, or committing it in read-first, then takes a "
        "second act where not every image was on the screen.",
    )
    stat_max_wait_minutes = models.PositiveIntegerField(
        "longest wait of a stat study (minutes)", default=60, validators=_WAIT_LIMITS
    )
    urgent_max_wait_minutes = models.PositiveIntegerField(
        "longest wait of an urgent study (minutes)", default=4 * 60, validators=_WAIT_LIMITS
    )
    routine_max_wait_minutes = models.PositiveIntegerField(
        "longest wait of a routine study (minutes)", default=24 * 60, validators=_WAIT_LIMITS
    )

    patient_id_issuer = models.CharField(
        "issuer of the clinic's patient IDs",
        max_length=64,
        blank=True,
        help_text="As DICOM files name it (Issuer of Patient ID). A file that names no issuer, or "
        "this one, states an MRN of the clinic.",
    )
    registers_patients_from_files = models.BooleanField(
        "registers patients from files",
        default=False,
        help_text="A study that a scanner or a PACS sends registers its patient, where no similar "
        "one is there. Otherwise it waits until somebody chooses the patient.",
    )
    arrival_quiet_seconds = models.PositiveIntegerField(
        "seconds without a new file after which a study has arrived",
        default=120,
        validators=[MaxValueValidator(LONGEST_QUIET_SECONDS)],
        help_text="Where the sender does not say that it is complete. It can be read before.",
    )
    file_identity = models.CharField(
        "names in files that arrive",
        max_length=12,
        choices=FileIdentity.choices,
        default=FileIdentity.KEEP,
        help_text="“Replace by pseudonyms” removes from each file that arrives from now on what "
        "names a person, before it is stored (DICOM PS3.15, annex E): names and numbers become a "
        "pseudonym, UIDs others, dates move by a number of days that is the same for all files of "
        "a patient, descriptions keep only words of imaging. Nobody can bring back what was "
        "removed. Files that are stored already stay as they are; structured reports, PDFs and "
        "raw data are refused then. Text inside the pixels stays.",
    )
    # Of which this clinic's pseudonyms are made, with the key of the installation. Never shown.
    pseudonym_salt = models.BinaryField(null=True, editable=False)
    signing_minutes = models.PositiveIntegerField(
        "minutes after which a signature asks for the password again",
        default=15,
        validators=[MaxValueValidator(12 * 60)],
        help_text="A report is signed without it where the signer gave it in this session within "
        "these minutes. With 0 it is asked at every signature.",
    )

    objects = ClinicsQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="clinic_max_waits_in_order",
                condition=Q(stat_max_wait_minutes__gte=5)
                & Q(urgent_max_wait_minutes__gte=models.F("stat_max_wait_minutes"))
                & Q(routine_max_wait_minutes__gte=models.F("urgent_max_wait_minutes"))
                & Q(routine_max_wait_minutes__lte=LONGEST_WAIT_MINUTES),
                violation_error_message="Stat must not wait longer than urgent, nor urgent longer "
                "than routine: at least 5 minutes, at most 28 days.",
            ),
            models.CheckConstraint(
                name="clinic_quiet_time_of_an_hour_at_most",
                condition=Q(arrival_quiet_seconds__lte=LONGEST_QUIET_SECONDS),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def clinic_id(self) -> uuid.UUID:
        """The id of this clinic: to the policy a clinic is a row of its own."""
        return self.id
