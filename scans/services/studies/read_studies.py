"""Whether a study is read: from then on what its readers judged stays as they judged it."""

from scans.models import Study, Verdict
from scans.models.reading import ReadStage


def is_read(study: Study) -> bool:
    """Return whether somebody has signed a verdict on this study."""
    signed = Verdict.objects.filter(study=study).signed()
    return study.read_stage == ReadStage.READ or signed.exists()
