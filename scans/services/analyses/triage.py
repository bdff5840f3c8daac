"""The triage score of a study: what the worklist is ordered by."""

from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet

from scans.models import Analysis, SeriesStatement, Study
from scans.models.study_filters import opinions


def update_triage_score(study_id: UUID) -> None:
    """Store the highest probability among the study's series with the study.

    Of a series it is that of its statement, where there is one, else the highest among the newest
    results of its images. Call it in the transaction that wrote a result. Of two that end at once
    on PostgreSQL, neither sees the other's row: the second waits for the lock here, and reads
    again.
    """
    Study.objects.select_for_update().get(pk=study_id)
    statements = SeriesStatement.objects.current().opinions().filter(series__study=study_id)
    results = results_without_statement().filter(image__series__study=study_id)
    known = [
        rows.order_by().aggregate(highest=Max("probability"))["highest"]
        for rows in (statements, results)
    ]
    highest = max((score for score in known if score is not None), default=None)
    Study.objects.filter(pk=study_id).update(triage_score=highest)


def results_without_statement() -> QuerySet[Analysis]:
    """The newest results of the images on whose series there is no statement with an opinion."""
    stated = SeriesStatement.objects.current().opinions().filter(series=OuterRef("image__series"))
    return opinions().exclude(Exists(stated))
