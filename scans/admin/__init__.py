"""The administration of the clinical record, the reading, the model releases and the workers."""

from scans.admin.analyses.analyses import AnalysisAdmin
from scans.admin.analyses.releases import ModelReleaseAdmin
from scans.admin.analyses.rules import AnalysisRuleAdmin
from scans.admin.analyses.workers import WorkerAdmin
from scans.admin.annotations import (
    AnnotationAdmin,
    AnnotationVersionAdmin,
    KeyImageAdmin,
    LabelListAdmin,
    SpacingCalibrationAdmin,
)
from scans.admin.core.requests import IdempotentRequestAdmin
from scans.admin.patients import PatientAdmin
from scans.admin.reading import (
    AssessmentAdmin,
    ClinicReasonAdmin,
    HangingProtocolAdmin,
    VerdictAdmin,
    WorklistViewAdmin,
)
from scans.admin.reports import ReportAdmin, ReportTemplateAdmin
from scans.admin.studies import (
    ApplicationEntityAdmin,
    ImageAdmin,
    InstanceAdmin,
    RecordChangeAdmin,
    SeriesAdmin,
    StudyAdmin,
    WatchedFolderAdmin,
)

__all__ = [
    "AnalysisAdmin",
    "AnalysisRuleAdmin",
    "AnnotationAdmin",
    "AnnotationVersionAdmin",
    "ApplicationEntityAdmin",
    "AssessmentAdmin",
    "ClinicReasonAdmin",
    "HangingProtocolAdmin",
    "IdempotentRequestAdmin",
    "ImageAdmin",
    "InstanceAdmin",
    "KeyImageAdmin",
    "LabelListAdmin",
    "ModelReleaseAdmin",
    "PatientAdmin",
    "RecordChangeAdmin",
    "ReportAdmin",
    "ReportTemplateAdmin",
    "SeriesAdmin",
    "SpacingCalibrationAdmin",
    "StudyAdmin",
    "VerdictAdmin",
    "WatchedFolderAdmin",
    "WorkerAdmin",
    "WorklistViewAdmin",
]
