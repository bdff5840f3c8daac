from scans.models.analysis import Analysis
from scans.models.analysis_rule import AnalysisRule
from scans.models.annotation import Annotation, AnnotationVersion, LabelList
from scans.models.application_entity import ApplicationEntity
from scans.models.assessment import Assessment, ClinicReason, Verdict
from scans.models.calibration import SpacingCalibration
from scans.models.comparison import Comparison
from scans.models.critical_finding import CriticalFinding
from scans.models.hanging_protocol import HangingProtocol
from scans.models.idempotency import IdempotentRequest
from scans.models.image import Image
from scans.models.instance import Instance
from scans.models.key_image import KeyImage
from scans.models.new_images_review import NewImagesReview
from scans.models.notification import Notification
from scans.models.patient import Patient
from scans.models.patient_identifier import PatientIdentifier
from scans.models.received_object import ReceivedObject
from scans.models.record_change import RecordChange
from scans.models.release import ModelRelease
from scans.models.report import Report, ReportTemplate
from scans.models.series_statement import SeriesStatement, SliceEvidence
from scans.models.study import Series, Study
from scans.models.watched_folder import WatchedFolder
from scans.models.worker import Worker
from scans.models.worklist_view import WorklistView

__all__ = [
    "Analysis",
    "AnalysisRule",
    "Annotation",
    "AnnotationVersion",
    "ApplicationEntity",
    "Assessment",
    "ClinicReason",
    "Comparison",
    "CriticalFinding",
    "HangingProtocol",
    "IdempotentRequest",
    "Image",
    "Instance",
    "KeyImage",
    "LabelList",
    "ModelRelease",
    "NewImagesReview",
    "Notification",
    "Patient",
    "PatientIdentifier",
    "ReceivedObject",
    "RecordChange",
    "Report",
    "ReportTemplate",
    "Series",
    "SeriesStatement",
    "SliceEvidence",
    "SpacingCalibration",
    "Study",
    "Verdict",
    "WatchedFolder",
    "Worker",
    "WorklistView",
]
