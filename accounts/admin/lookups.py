"""What the lists of the administration may be filtered by: what they declare, and nothing else.

Django's own rule lets an address filter by every column of a model with every lookup: by regular
expressions that take forever, and by columns that the page does not show.
"""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.http import HttpRequest


def declared_lookups(model_admin: Any, request: HttpRequest) -> set[str]:
    """Return the parameters of the list's filters, of its days, and of the links that lead here."""
    found = {*model_admin.linked_lookups}
    for one in model_admin.get_list_filter(request):
        if isinstance(one, type) and issubclass(one, SimpleListFilter):
            found.add(str(one.parameter_name))
        else:
            found |= _of_field(model_admin.model, one if isinstance(one, str) else one[0])
    if model_admin.date_hierarchy:
        found |= {f"{model_admin.date_hierarchy}__{part}" for part in ("year", "month", "day")}
    return found


def _of_field(model: type[models.Model], path: str) -> set[str]:
    """Return what Django's filter of this column puts into addresses."""
    field = get_fields_from_path(model, path)[-1]
    if field.remote_field:
        target = field.remote_field.model._meta.pk.name
        return {f"{path}__{target}__exact", f"{path}__isnull"}
    if isinstance(field, models.DateField):
        return {f"{path}__gte", f"{path}__lt", f"{path}__isnull"}
    if field.choices or isinstance(field, models.BooleanField):
        return {f"{path}__exact", f"{path}__isnull"}
    return {path, f"{path}__isnull"}  # one of the values that there are
