"""Read the demo's earlier studies: annotate the lesion, sign a verdict, sign a report.

That happens once their images are analyzed, as in a clinic: a report says which AI result there
was. A study for two readers is left to them, and one on which two disagree to the third.
"""

from collections.abc import Iterator
from uuid import uuid4

from accounts.models import User
from scans.models import Analysis, Image, Study
from scans.models.analysis import UNFINISHED
from scans.models.assessment import Finding
from scans.models.reading import ReadStage
from scans.services.annotations.lifecycle import create_annotation
from scans.services.demo.clinics import CLINICS, DEMO_DOMAIN, Course, DemoClinic, DemoStudy
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reports.drafting import start_report
from scans.services.reports.signer import Signer
from scans.services.reports.signing import sign_report
from scans.services.reports.verdict_signing import sign_verdict
from scans.synthetic import SIDE, Lesion

_COMMENT = "Made up for the demo."
_READ = (Course.READ, Course.DISAGREEMENT)


def read_demo(*, password: str) -> int:
    """Read what is to be read of the demo and is analyzed; return how many studies were."""
    count = 0
    for clinic in CLINICS:
        readers = clinic.found_readers()
        if not readers:
            continue
        for demo_study, study in _unread(clinic, user=readers[0]):
            if not readers[0].check_password(password):
                break  # whoever changed it does not want it signed with
            _bring_along(demo_study, study, readers=readers, password=password)
            count += 1
    return count


def _unread(clinic: DemoClinic, *, user: User) -> Iterator[tuple[DemoStudy, Study]]:
    """Yield the studies that wait still, have been analyzed, and are not to wait for a person."""
    for patient in clinic.patients:
        rows = Study.objects.visible_to(user).filter(
            patient__mrn=patient.mrn, received_by__email__endswith=f"@{DEMO_DOMAIN}"
        )
        mine = rows.select_related("clinic", "patient").order_by("study_date", "received_at")
        for demo_study, study in zip(patient.studies, mine, strict=False):
            waits = study.read_stage == ReadStage.WAITING and study.readers_required == 1
            if waits and demo_study.course in _READ and not _is_in_work(study):
                yield demo_study, study


def _is_in_work(study: Study) -> bool:
    return Analysis.objects.filter(image__series__study=study, status__in=UNFINISHED).exists()


def _bring_along(
    demo_study: DemoStudy, study: Study, *, readers: list[User], password: str
) -> None:
    if demo_study.course is Course.READ:
        lesion = demo_study.lesion
        read_demo_study(reader=readers[0], password=password, study=study, lesion=lesion)
        return
    set_readers_required(user=readers[0], study=study, readers=2)
    for reader, finding in zip(readers, (Finding.NO_TUMOR, Finding.TUMOR), strict=False):
        study.refresh_from_db()
        _sign(reader, study, finding)


def read_demo_study(*, reader: User, password: str, study: Study, lesion: Lesion | None) -> None:
    """Annotate, assess, report and sign a study whose images show this lesion, or none."""
    if lesion is not None:
        _annotate(reader, study, lesion)
    _sign(reader, study, Finding.NO_TUMOR if lesion is None else Finding.TUMOR)
    report = start_report(user=reader, study=study)
    signer = Signer(password=password)
    sign_report(user=reader, report=report, revision=report.revision, signer=signer)


def _sign(reader: User, study: Study, finding: Finding) -> None:
    sign_verdict(
        user=reader, study=study, verdict_input=VerdictInput(finding=finding, comment=_COMMENT)
    )


def _annotate(reader: User, study: Study, lesion: Lesion) -> None:
    images = Image.objects.filter(series__study=study).order_by("number")
    create_annotation(
        user=reader,
        image=images[len(images) // 2],
        annotation_id=uuid4(),
        geometry={
            "shape": "ellipse",
            "cx": (0.5 + lesion.x) * SIDE,
            "cy": (0.5 + lesion.y) * SIDE,
            "rx": lesion.radius * SIDE,
            "ry": lesion.radius * SIDE,
            "rotation": 0,
        },
        note=_COMMENT,
    )
