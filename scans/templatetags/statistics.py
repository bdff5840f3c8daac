"""How the statistics page says a share: here 0 and 100 % are counts, and true."""

from django import template

register = template.Library()


@register.filter
def share_percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}\N{NO-BREAK SPACE}%"
