"""Who and what the events of the audit trail are about, by name: the events hold ids alone."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from accounts.models import AuditEvent
from accounts.object_types import label_of, model_of


def name_events(events: Sequence[AuditEvent]) -> Sequence[AuditEvent]:
    """Give each event `about_name`, `about_url`, `patient_name`, in one query a kind of row.

    What somebody reads of the trail names patients, so the caller records it.
    """
    patients = _rows("patient", {event.patient_id for event in events if event.patient_id})
    ids: dict[str, set[Any]] = {}
    for event in events:
        if event.object_type:
            ids.setdefault(event.object_type, set()).add(event.object_id)
    rows = {stored: _rows(stored, found) for stored, found in ids.items()}
    for event in events:
        row = rows.get(event.object_type, {}).get(event.object_id)
        patient = patients.get(str(event.patient_id))
        label = label_of(event.object_type) if event.object_type else ""
        named: Any = event
        named.about_name = f"{label}: {row}" if row is not None else label
        named.about_url = _url(row)
        named.patient_name, named.patient_url = str(patient or ""), _url(patient)
    return events


def _rows(stored: str, ids: Iterable[str | UUID]) -> dict[str, models.Model]:
    """Return the rows by their ids as events hold them."""
    model = model_of(stored)
    keys = [] if model is None else [key for one in ids if (key := _key(model, one)) is not None]
    if model is None or not keys:
        return {}
    rows = model._default_manager.select_related().in_bulk(keys)
    return {str(key): row for key, row in rows.items()}


def _key(model: type[models.Model], text: str | UUID) -> Any:
    try:
        return model._meta.pk.to_python(text)
    except ValidationError:
        return None


def _url(row: Any) -> str:
    return str(row.get_absolute_url()) if hasattr(row, "get_absolute_url") else ""
