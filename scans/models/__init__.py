from scans.models.analysis import Analysis
from scans.models.annotation import Annotation, AnnotationVersion, LabelList
from scans.models.assessment import Assessment, ClinicReason, Verdict
from scans.models.idempotency import IdempotentRequest
from scans.models.patient import Patient
from scans.models.release import ModelRelease
from scans.models.report import Report, ReportTemplate
from scans.models.series_statement import SeriesStatement, SliceEvidence
from scans.models.study import Image, Series, Study
from scans.models.worker import Worker
from scans.models.worklist_view import WorklistView

__all__ = [
    "Analysis",
    "Annotation",
    "AnnotationVersion",
    "Assessment",
    "ClinicReason",
    "IdempotentRequest",
    "Image",
    "LabelList",
    "ModelRelease",
    "Patient",
    "Report",
    "ReportTemplate",
    "Series",
    "SeriesStatement",
    "SliceEvidence",
    "Study",
    "Verdict",
    "Worker",
    "WorklistView",
]
