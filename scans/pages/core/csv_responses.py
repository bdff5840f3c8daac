"""What a list has in common as a file of comma-separated values."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.models import User
from scans.pages.core.requests import ClinicalRequest

MOST_ROWS = 5000  # of one file
# A spreadsheet takes these at the start of a cell for a formula; the last four are the full-width
# forms that some take for the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def sent_again(filters: Mapping[str, object]) -> dict[str, str]:
    """The filters of a list, as its button sends them: a date as its form reads it."""
    return {name: str(value) for name, value in filters.items()}


def asked(request: ClinicalRequest, form: type[forms.Form]) -> dict[str, Any]:
    """The filters that came with the request; a wrong one is ignored, as on the page."""
    checked = form(request.POST if request.method == "POST" else request.GET)
    checked.is_valid()
    return {name: value for name, value in checked.cleaned_data.items() if value}


def answer_of(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    # The mark at the start tells a spreadsheet that this is UTF-8.
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def record_export(user: User, event: AuditEventType, rows: Sequence[Any]) -> None:
    ids = [str(row.pk) for row in rows[: audit.IDS_KEPT]]
    audit.record(actor=user, event=event, detail={"count": len(rows), "ids": ids})


def moment(when: datetime) -> str:
    """The time as ISO 8601, in the zone of the clinic."""
    return timezone.localtime(when).isoformat(timespec="seconds")
