"""The administration of the clinical record, the model releases and the workers."""

from scans.admin.analyses import AnalysisAdmin
from scans.admin.patients import PatientAdmin
from scans.admin.releases import ModelReleaseAdmin
from scans.admin.running import IdempotentRequestAdmin, WorkerAdmin
from scans.admin.studies import ImageAdmin, SeriesAdmin, StudyAdmin

__all__ = [
    "AnalysisAdmin",
    "IdempotentRequestAdmin",
    "ImageAdmin",
    "ModelReleaseAdmin",
    "PatientAdmin",
    "SeriesAdmin",
    "StudyAdmin",
    "WorkerAdmin",
]
