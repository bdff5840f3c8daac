from scans.models.analysis import Analysis
from scans.models.idempotency import IdempotentRequest
from scans.models.patient import Patient
from scans.models.release import ModelRelease
from scans.models.study import Image, Series, Study
from scans.models.worker import Worker

__all__ = [
    "Analysis",
    "IdempotentRequest",
    "Image",
    "ModelRelease",
    "Patient",
    "Series",
    "Study",
    "Worker",
]
