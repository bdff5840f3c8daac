"""One study of the demo as a scanner sends it: two DICOM series of a drawn head, with a lesion."""

from datetime import date, timedelta
from typing import Final

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from scans.models import Patient
from scans.services.patients.records import register_patient
from scans.services.studies.receiving import receive_study
from scans.synthetic import Contrast
from scans.synthetic_series import SyntheticLesion, SyntheticSeries

MRN: Final = "DEMO-1006"
_FAMILY_NAME, _GIVEN_NAME = "Phantom", "Gita"
_BORN: Final = date(1969, 6, 17)
_DAYS_AGO: Final = 2
_STUDY_UID: Final = "2.25.231908472650112094316609178233420051"  # of UUIDs (PS3.5, B.2)
_LESION: Final = SyntheticLesion(center=(28.0, -18.0, 20.0), radius=13.0)
SERIES: Final = tuple(
    SyntheticSeries(head=1006, contrast=contrast, number=number, lesion=_LESION)
    for number, contrast in enumerate((Contrast.FLAIR, Contrast.T1C), 1)
)


def receive_dicom_study(*, user: User) -> None:
    """Register the patient and receive the study, where this clinic does not have them yet."""
    assert user.clinic is not None
    if Patient.objects.filter(clinic=user.clinic, mrn=MRN).exists():
        return
    patient = register_patient(
        user=user,
        mrn=MRN,
        family_name=_FAMILY_NAME,
        given_name=_GIVEN_NAME,
        birth_date=_BORN,
        sex="F",
    )
    files = [
        ContentFile(content, name=f"series-{series.number}-slice-{at:02d}.dcm")
        for series in SERIES
        for at, content in enumerate(
            series.files(
                patient_id=MRN,
                patient_name=f"{_FAMILY_NAME}^{_GIVEN_NAME}",
                birth_date=_BORN,
                sex="F",
                study_date=timezone.localdate() - timedelta(days=_DAYS_AGO),
                study_uid=_STUDY_UID,
                description="MRI head, first seizure",
            ),
            1,
        )
    ]
    receive_study(user=user, patient=patient, study_date=None, files=files)
