"""Which slices of a series are analyzed where a clinic wants every n-th only."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from uuid import UUID

from django.db.models import Exists, OuterRef

from scans.models import Analysis, Image, Series


def images_to_analyze(series: Iterable[Series]) -> list[Image]:
    """The images that are to be queued so that every n-th slice of these series is analyzed.

    By their places now; those that have an analysis keep it, whatever place they have by now.
    """
    chosen: list[UUID] = []
    for one in series:
        has_analysis = Exists(Analysis.objects.filter(image=OuterRef("pk")))
        images = Image.objects.filter(series=one).annotate(is_analyzed=has_analysis)
        rows = list(images.order_by("number", "pk").values_list("pk", "is_analyzed"))
        places = places_to_add([known for _, known in rows], every=one.every_nth_slice)
        chosen.extend(rows[place][0] for place in places)
    if not chosen:
        return []
    found = Image.objects.with_instance().filter(pk__in=chosen).select_related("series")
    return list(found.order_by("series__number", "number"))


def places_to_add(analyzed: Sequence[bool], *, every: int) -> list[int]:
    """The places, from 0, that are to be analyzed besides those that are.

    Of a whole series the first and every n-th after it. Where some are analyzed, those that leave
    no n slices in a row without one: in a gap at even distances, so that a series whose slices come
    one by one, in any order, has about twice as many as every n-th at most.
    """
    there = [place for place, known in enumerate(analyzed) if known]
    if not there:
        return list(range(0, len(analyzed), every))
    added = list(range(there[0] - every, -1, -every))
    for left, right in pairwise(there):
        parts = -(-(right - left) // every)
        added += [left + part * (right - left) // parts for part in range(1, parts)]
    added += range(there[-1] + every, len(analyzed), every)
    return sorted(added)
