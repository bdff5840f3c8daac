"""What pages say of received objects."""

from collections.abc import Iterable
from typing import Any

from django import template

from scans.models import ReceivedObject
from scans.models.received_object import HeldCode
from scans.services.studies.inbox.matching import stated_name as split_name

register = template.Library()


@register.filter
def stated_name(row: ReceivedObject) -> str:
    """The name that the object states, as people read it; empty where it states none."""
    name = split_name(row)
    return ", ".join(part for part in (name.family, name.given) if part)


@register.filter
def why_held(row: ReceivedObject) -> str:
    """Why it is held, in a few words; the sentence where there are none for the code."""
    return str(dict(HeldCode.choices).get(row.code, row.detail))


@register.filter
def differ(rows: Iterable[Any]) -> bool:
    """Whether one of the compared facts differs."""
    return any(one.verdict == "differs" for one in rows)
