"""The demo: two clinics with people, patients and dated studies, all of it made up."""

import os
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum, auto
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Clinic, Role, User
from scans.models import Patient
from scans.models.acquisition import Plane, Sequence
from scans.services.demo.dicom_study import receive_dicom_study
from scans.services.patients.records import register_patient
from scans.services.reading.double_reading import set_readers_required
from scans.services.studies.receiving import receive_study
from scans.synthetic import Contrast, Lesion, draw_slice

DEMO_DOMAIN = "demo.example"
_SEQUENCES = {Contrast.FLAIR: Sequence.FLAIR, Contrast.T1C: Sequence.T1_CONTRAST}


class Course(Enum):
    """How far a study of the demo has come once its images are analyzed."""

    WAITS = auto()
    READ = auto()  # annotated, with a signed verdict and report
    TWO_READERS = auto()  # two independent readers are wanted
    DISAGREEMENT = auto()  # two have read it, and a third decides


@dataclass(frozen=True)
class DemoStudy:
    """A study of the demo; `lesion` is on the slice in the middle and its neighbors, or None."""

    days_ago: int
    description: str
    images: int
    lesion: Lesion | None = None
    course: Course = Course.READ

    def lesion_on(self, n: int) -> Lesion | None:
        """Return the lesion where slice `n`, counted from 0, shows it."""
        return self.lesion if abs(n - (self.images - 1) / 2) <= 1 else None


@dataclass(frozen=True)
class DemoPatient:
    """A patient of the demo with dated studies, oldest first."""

    mrn: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    studies: tuple[DemoStudy, ...] = ()
    contrast: Contrast = Contrast.FLAIR

    @property
    def acquisition(self) -> dict[str, str]:
        """What the drawn slices are, as a sender states it."""
        return {"plane": Plane.AXIAL, "sequence": _SEQUENCES[self.contrast]}

    def draw(self, study: DemoStudy, n: int) -> bytes:
        """Return slice `n` of one of the patient's studies: the same head in all of them."""
        return draw_slice(
            head=int(self.mrn[-4:]),
            scan=study.days_ago * 10 + n,
            level=0.3 + 0.5 * n / max(1, study.images - 1),
            lesion=study.lesion_on(n),
            contrast=self.contrast,
        )


@dataclass(frozen=True)
class DemoClinic:
    """A clinic of the demo; `people` by username with role, first and last name."""

    name: str
    people: dict[str, tuple[Role, str, str]]  # the first one uploads

    @property
    def readers(self) -> list[str]:
        """The usernames of its radiologists: the first reads, and the second reads after them."""
        return [name for name, facts in self.people.items() if facts[0] == Role.RADIOLOGIST]

    def found_readers(self) -> list[User]:
        """Return the accounts of its radiologists, in that order."""
        emails = [f"{name}@{DEMO_DOMAIN}" for name in self.readers]
        found = {user.email: user for user in User.objects.filter(email__in=emails)}
        return [found[email] for email in emails if email in found]

    patients: tuple[DemoPatient, ...] = field(default=())


CLINICS = (
    DemoClinic(
        name="Riverside Clinic (demo)",
        people={
            "clinician": (Role.CLINICIAN, "Clara", "Demo"),
            "radiologist": (Role.RADIOLOGIST, "Rafael", "Demo"),
            "second-reader": (Role.RADIOLOGIST, "Sofia", "Demo"),
            "third-reader": (Role.RADIOLOGIST, "Tomas", "Demo"),
            "administrator": (Role.ADMINISTRATOR, "Ada", "Demo"),
        },
        patients=(
            DemoPatient(
                "DEMO-1001",
                "Sample",
                "Alma",
                date(1958, 4, 2),
                "F",
                (
                    DemoStudy(410, "MRI head, headache", 3),
                    DemoStudy(190, "MRI head, follow-up", 3, Lesion(0.12, -0.10, 0.045)),
                    DemoStudy(
                        *(12, "MRI head, follow-up", 4, Lesion(0.12, -0.10, 0.08)),
                        course=Course.WAITS,
                    ),
                ),
            ),
            DemoPatient(
                "DEMO-1002",
                "Sample",
                "Bruno",
                date(1971, 11, 23),
                "M",
                (
                    DemoStudy(95, "MRI head, first seizure", 3, Lesion(-0.14, 0.12, 0.055)),
                    DemoStudy(
                        *(3, "MRI head, before surgery", 5, Lesion(-0.14, 0.12, 0.07)),
                        course=Course.TWO_READERS,
                    ),
                ),
                contrast=Contrast.T1C,
            ),
            DemoPatient(
                "DEMO-1003",
                "Specimen",
                "Chiara",
                date(1989, 7, 14),
                "F",
                (
                    DemoStudy(220, "MRI head, migraine", 3),
                    DemoStudy(30, "MRI head, migraine", 3, course=Course.WAITS),
                ),
            ),
            DemoPatient(
                "DEMO-1004",
                "Mockup",
                "Dmitri",
                date(1946, 1, 30),
                "M",
                (
                    DemoStudy(700, "MRI head, memory clinic", 2),
                    DemoStudy(350, "MRI head, memory clinic", 2),
                    DemoStudy(1, "MRI head, memory clinic", 3, course=Course.DISAGREEMENT),
                ),
            ),
            DemoPatient("DEMO-1005", "Placeholder", "Elif", date(2001, 9, 9), "O"),
        ),
    ),
    DemoClinic(
        name="Hillcrest Imaging (demo)",
        people={
            "clinician2": (Role.CLINICIAN, "Carl", "Demo"),
            "radiologist2": (Role.RADIOLOGIST, "Rosa", "Demo"),
        },
        patients=(
            DemoPatient(
                "DEMO-2001",
                "Example",
                "Farah",
                date(1964, 12, 5),
                "F",
                (
                    DemoStudy(60, "MRI head", 2),
                    DemoStudy(
                        *(5, "MRI head, follow-up", 2, Lesion(-0.1, -0.15, 0.06)),
                        course=Course.WAITS,
                    ),
                ),
            ),
        ),
    ),
)
SUPERUSER = "admin"


def draw_demo(folder: Path) -> list[Path]:
    """Draw every image of the demo into a folder, named by what it shows; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for clinic in CLINICS:
        for patient in clinic.patients:
            for study in patient.studies:
                for n in range(study.images):
                    shows = "lesion" if study.lesion_on(n) else "no-lesion"
                    file = folder / f"{patient.mrn}-{study.days_ago:03d}-{n + 1}-{shows}.png"
                    file.write_bytes(patient.draw(study, n))
                    drawn.append(file)
    return drawn


class DemoConflictError(Exception):
    """The demo would touch somebody's account; `str()` is a sentence for the operator."""


def demo_usernames() -> list[str]:
    """Return the username of everyone of the demo, the superuser last."""
    return [username for clinic in CLINICS for username in clinic.people] + [SUPERUSER]


def demo_password() -> str:
    """Return NEUROSCAN_DEMO_PASSWORD, or a random one that is stored once in a file (mode 0600)."""
    if settings.DEMO_PASSWORD:
        return settings.DEMO_PASSWORD
    path = Path(settings.DATA_DIR) / "demo_password"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        password = secrets.token_urlsafe(12)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password + "\n")
        return password


def create_demo(*, password: str) -> None:
    """Create what is missing of the demo, and set everyone's password to this one.

    `readings.read_demo` reads the earlier studies once their images are analyzed.

    Raises `DemoConflictError` where an account of somebody else has one of the names.
    """
    _person(SUPERUSER, password, is_superuser=True)
    for demo in CLINICS:
        clinic, _ = Clinic.objects.get_or_create(name=demo.name)
        people = [
            _person(
                username,
                password,
                clinic=clinic,
                role=role,
                first_name=first_name,
                last_name=last_name,
            )
            for username, (role, first_name, last_name) in demo.people.items()
        ]
        for row in demo.patients:
            if not Patient.objects.filter(clinic=clinic, mrn=row.mrn).exists():
                _receive_patient(row, user=people[0], reader=demo.found_readers()[0])
        if demo is CLINICS[0]:
            receive_dicom_study(user=people[0])


def _person(username: str, password: str, **facts: object) -> User:
    """Return the demo user of this name; raise where it is the account of a real person."""
    email = f"{username}@{DEMO_DOMAIN}"
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, email=email, **facts)
    elif user.email != email and (user.clinic is None or user.clinic != facts.get("clinic")):
        raise DemoConflictError(
            f"There is already an account {username!r} that is not of the demo. "
            "Start with NEUROSCAN_DEMO=0: an installation with real people has no demo."
        )
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    return user


def _receive_patient(row: DemoPatient, *, user: User, reader: User) -> None:
    patient = register_patient(
        user=user,
        mrn=row.mrn,
        family_name=row.family_name,
        given_name=row.given_name,
        birth_date=row.birth_date,
        sex=row.sex,
    )
    for study in row.studies:
        receipt = receive_study(
            user=user,
            patient=patient,
            study_date=timezone.localdate() - timedelta(days=study.days_ago),
            description=study.description,
            acquisition=row.acquisition,
            files=[
                ContentFile(row.draw(study, n), name=f"synthetic-{n + 1:02d}.png")
                for n in range(study.images)
            ],
        )
        if study.course is Course.TWO_READERS and receipt.study is not None:
            set_readers_required(user=reader, study=receipt.study, readers=2)
