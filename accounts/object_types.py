"""What the audit trail calls the rows that its events are about.

An event holds the name its model had when it was sealed, for ever. Where a model is renamed, its
old name goes into `RENAMED`, and the trail still says what it was about and links to it.
"""

from django.apps import apps
from django.db import models

# The name in old events -> the model's name today.
RENAMED: dict[str, str] = {}


def model_of(stored: str) -> type[models.Model] | None:
    """The model that an event's `object_type` names; None where no model has had that name."""
    today = RENAMED.get(stored, stored)
    return next((model for model in apps.get_models() if model._meta.model_name == today), None)


def label_of(stored: str) -> str:
    """What people call it: "model release" for `modelrelease`."""
    model = model_of(stored)
    return str(model._meta.verbose_name) if model is not None else stored


def stored_names(model: type[models.Model]) -> list[str]:
    """Every name that events about rows of this model may hold."""
    today = model._meta.model_name or ""
    return [today, *(old for old, new in RENAMED.items() if new == today)]
