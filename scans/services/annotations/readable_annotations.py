"""Which annotations a person may see now: while a study is read blind, their own."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404

from accounts.models import User
from accounts.policy import get_visible_or_404
from scans.models import Annotation, Study
from scans.models.annotation import AnnotationQuerySet
from scans.services.disclosure import ai_visible, others_visible


def readable_annotations(*, user: User, study: Study) -> AnnotationQuerySet:
    """Return the annotations of this study that the person may see now.

    While the study is read blind, these are their own. An annotation made of a suspected region of
    the AI reveals the AI result, and is withheld with it.
    """
    rows = Annotation.objects.with_context().visible_to(user)
    rows = rows.of_study(study)
    if not others_visible(user=user, study=study):
        return rows.by(user)
    if ai_visible(user=user, study=study):
        return rows
    return rows.filter(Q(from_analysis=None) | Q(author=user))


def readable_annotation(*, user: User, annotation_id: UUID) -> Annotation:
    """Return one annotation; raise `Http404` where the person may not see it now."""
    row = get_visible_or_404(Annotation.objects.with_context(), user, pk=annotation_id)
    ai_disclosed = row.from_analysis_id is None or ai_visible(user=user, study=row.study)
    if row.author_id != user.pk and not (
        ai_disclosed and others_visible(user=user, study=row.study)
    ):
        raise Http404("There is no such record in your clinic.")
    return row
