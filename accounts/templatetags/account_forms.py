"""Template tags of the account pages: fields of allauth's forms, and names of browsers."""

from typing import Any

from django import template
from django.forms import BoundField, Select

register = template.Library()

# Order matters: most browsers also claim to be the ones further down.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@register.inclusion_tag("accounts/field.html")
def field(
    bound: BoundField, label: str = "", *, marks_optional: bool = False, **attrs: Any
) -> dict[str, Any]:
    """Render label, control, help and error of a field, tied together by ids."""
    bound.label = label or bound.label
    style = "form-select" if isinstance(bound.field.widget, Select) else "form-control"
    attrs["class"] = f"{style} is-invalid" if bound.errors else style
    # A placeholder that repeats the label vanishes when it is needed, and reads like a value.
    bound.field.widget.attrs.pop("placeholder", None)
    control = bound.as_widget(attrs=attrs)
    if bound.field.show_hidden_initial:
        control += bound.as_hidden(only_initial=True)
    is_optional = marks_optional and not bound.field.required and not bound.field.disabled
    return {"field": bound, "control": control, "is_optional": is_optional}


@register.inclusion_tag("accounts/form_errors.html")
def form_errors(form: Any) -> dict[str, Any]:
    """Render the errors of the form as a whole, which screen readers announce at once."""
    return {"errors": form.non_field_errors()}


@register.filter
def browser(user_agent: str) -> str:
    """Return browser and system of a user agent, like `Firefox on Windows`."""
    name = next((name for sign, name in BROWSERS.items() if sign in user_agent), "Unknown browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return f"{name} on {system}" if system else name
