"""Durations, times and ranks as the pages of the worklist and of the verdicts show them."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from scans.models import CriticalFinding
from scans.services.reading import critical_findings
from scans.services.reading.ranking import Rank

register = template.Library()
_NARROW = "\N{NO-BREAK SPACE}"


@register.filter
def acknowledgment_path(finding: CriticalFinding) -> str:
    """Return the path of the page on which the finding is acknowledged."""
    return critical_findings.acknowledgment_path(finding)


@register.filter
def duration(span: timedelta) -> str:
    """Return a duration in two units at most: "2 d 3 h", "3 h 20 min", "< 1 min"."""
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    shown = [f"{number}{_NARROW}{unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or f"< 1{_NARROW}min"


@register.filter
def waited(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago the moment was."""
    return duration(max(timedelta(0), (now or timezone.now()) - moment))


@register.filter
def time_spent(seconds: int) -> str:
    """Return the seconds as "45 s", "3 min 20 s" or "1 h 2 min"."""
    if seconds >= 3600:
        return duration(timedelta(seconds=seconds))
    minutes, rest = divmod(seconds, 60)
    parts = [(minutes, "min"), (rest, "s")]
    return " ".join(f"{number}{_NARROW}{unit}" for number, unit in parts if number) or "0 s"


@register.filter
def clock(moment: datetime) -> str:
    """Return the hour today, or the day and the hour."""
    local = timezone.localtime(moment)
    same_day = local.date() == timezone.localdate()
    return date_format(local, "H:i" if same_day else "j M, H:i")


@register.filter
def rank_reason(rank: Rank) -> str:
    """Return in a sentence why a study stands where it does in the order by rank."""
    if rank.is_stat:
        return "Stat: before everything that is not" + (
            ", and past its longest wait." if rank.is_overdue else "."
        )
    if rank.is_overdue:
        return "Past its longest wait: before all that are within their own, but for stat."
    longest = rank.due_at - rank.received_at
    forward = rank.due_at - rank.sort_at
    name = rank.priority.capitalize()
    if rank.triage_score is None:
        return f"{name}, placed by its waiting time alone."
    return (
        f"{name}, brought forward by {duration(forward)} of {duration(longest)} "
        "for its triage score."
    )
