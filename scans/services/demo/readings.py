"""Read the demo's earlier studies: annotate the lesion, sign a verdict, sign a report.

All is signed before the worker has analyzed the images, so that the statistics compare findings
with AI results that the reader had not seen.
"""

from uuid import uuid4

from accounts.models import User
from scans.models import Image, Study
from scans.models.assessment import Finding
from scans.services.annotations.lifecycle import create_annotation
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import sign_verdict
from scans.services.reports.drafting import start_report
from scans.services.reports.signing import sign_report
from scans.synthetic import SIDE, Lesion

_COMMENT = "Made up for the demo."


def read_demo_study(*, reader: User, password: str, study: Study, lesion: Lesion | None) -> None:
    """Annotate, assess, report and sign a study whose images show this lesion, or none."""
    if lesion is not None:
        _annotate(reader, study, lesion)
    finding = Finding.NO_TUMOR if lesion is None else Finding.TUMOR
    sign_verdict(
        user=reader, study=study, verdict_input=VerdictInput(finding=finding, comment=_COMMENT)
    )
    report = start_report(user=reader, study=study)
    sign_report(user=reader, report=report, revision=report.revision, password=password)


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
