"""The triage score of a study: what the worklist is ordered by."""

from uuid import UUID

from django.db.models import Max

from scans.models import Study
from scans.models.study_filters import opinions


def update_triage_score(study_id: UUID) -> None:
    """Store the highest probability among the newest results of the study's images with the study.

    Call it in the transaction that wrote a result. Of two that end at once on PostgreSQL, neither
    sees the other's row: the second waits for the lock here, and reads again.
    """
    Study.objects.select_for_update().get(pk=study_id)
    results = opinions().filter(image__series__study=study_id)
    highest = results.order_by().aggregate(highest=Max("probability"))["highest"]
    Study.objects.filter(pk=study_id).update(triage_score=highest)
