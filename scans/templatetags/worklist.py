"""How the worklist and the verdicts say how long, by when, and why there."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from scans.services.reading.ranking import Place

register = template.Library()
_NARROW = "\N{NO-BREAK SPACE}"


def in_words(span: timedelta) -> str:
    """Two units at most: "2 d 3 h", "3 h 20 min", "under a minute"."""
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number}{_NARROW}{unit}" for number, unit in parts if number][:2]
    return " ".join(said) or "under a minute"


@register.filter
def waited(moment: datetime, now: datetime | None = None) -> str:
    return in_words(max(timedelta(0), (now or timezone.now()) - moment))


@register.filter
def time_spent(seconds: int) -> str:
    """ "45 s", "3 min 20 s", "1 h 2 min"."""
    if seconds >= 3600:
        return in_words(timedelta(seconds=seconds))
    minutes, rest = divmod(seconds, 60)
    parts = [(minutes, "min"), (rest, "s")]
    return " ".join(f"{number}{_NARROW}{unit}" for number, unit in parts if number) or "0 s"


@register.filter
def clock(moment: datetime) -> str:
    """The hour today, or the day and the hour."""
    local = timezone.localtime(moment)
    same_day = local.date() == timezone.localdate()
    return date_format(local, "H:i" if same_day else "j M, H:i")


@register.filter
def why_here(place: Place) -> str:
    """Why a study stands where it does, in the order by place."""
    if place.is_stat:
        return "Stat: before everything that is not" + (
            ", and past its longest wait." if place.is_overdue else "."
        )
    if place.is_overdue:
        return "Past its longest wait: before all that are within their own, but for stat."
    cap = place.promised - place.received
    forward = place.promised - place.turn
    name = place.priority.capitalize()
    if place.triage_score is None:
        return f"{name}, placed by its waiting time alone."
    return (
        f"{name}, brought forward by {in_words(forward)} of {in_words(cap)} "
        "for what the AI suspects."
    )
