"""Two people with one page open: what a browser sends of a form, also of one that is old."""

from django.forms import BaseForm
from django.http import HttpResponse


def sent_by(page: HttpResponse) -> dict[str, str]:
    """Return what a browser sends of the form of this page, with nothing changed on it."""
    form: BaseForm = page.context["form"]
    values: dict[str, str] = {}
    for bound in form:
        shown = bound.value()
        initial = bound.html_initial_name
        if bound.field.show_hidden_initial:
            assert f'name="{initial}"' in page.content.decode(), initial
            held = form.data.get(initial, shown) if form.is_bound else shown
            values[initial] = "" if held is None else str(held)
        if isinstance(shown, bool):
            if shown:
                values[bound.html_name] = "on"
        elif not bound.field.disabled:
            values[bound.html_name] = "" if shown is None else str(shown)
    return values
