"""Shares on the statistics page: counted, so that 0 and 100 % may be shown as such."""

from django import template

register = template.Library()


@register.filter
def share_percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"
