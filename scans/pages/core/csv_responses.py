"""Lists as CSV files: the columns, the response, its cells, and the audit event of the export.

A file has the columns of its page by the same words, the rows that the page's filters find, in the
order that the page shows them in.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils import timezone

from accounts import audit
from accounts.audit_registry import AuditEventType
from accounts.models import User
from scans.pages.core.requests import ClinicalRequest

MOST_ROWS = 5000  # of one file
# A spreadsheet takes these at the start of a cell for a formula; the last four are the full-width
# forms that some take for the plain ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def form_values(filters: Mapping[str, object]) -> dict[str, str]:
    """The filters of a list as hidden fields of its button: a date as the filters read it."""
    return {name: str(value) for name, value in filters.items()}


def query_of(request: ClinicalRequest) -> QueryDict:
    """The filters that came with the request: a button sends them as a POST, a link in its URL."""
    return request.POST if request.method == "POST" else request.GET


Columns = Mapping[str, Callable[[Any], object]]  # heading -> the cell of a row


def list_response(name: str, columns: Columns, rows: Iterable[Any]) -> HttpResponse:
    """A file of these rows, with a cell of each column."""
    cells = columns.values()
    return csv_response(name, tuple(columns), ([cell(row) for cell in cells] for row in rows))


def caveat_columns(of: Callable[[Any], Any]) -> Columns:
    """What is said beside a verdict or a report: see `scans.services.reports.caveats`."""
    return {
        "Verdict amended after the report": lambda row: moment_or_nothing(
            of(row).verdict_amended_at
        ),
        "New images since it was signed": lambda row: moment_or_nothing(of(row).new_images_at),
        "Moved on": lambda row: moment_or_nothing(of(row).moved_at),
        "Signed for": lambda row: of(row).moved_from,
        "Report signed although": lambda row: " ".join(of(row).signed_although),
        "The signer's remark": lambda row: of(row).contradiction_note,
    }


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A file `name`.csv to download, with these rows below the header."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    # By the byte order mark a spreadsheet knows that this is UTF-8.
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def record_export(user: User, event: AuditEventType, rows: Sequence[Any]) -> None:
    """Leave an audit event that names the exported rows."""
    ids = [str(row.pk) for row in rows[: audit.IDS_KEPT]]
    audit.record(actor=user, event=event, detail={"count": len(rows), "ids": ids})


def moment(when: datetime) -> str:
    """Return the time as ISO 8601, in the zone of the clinic."""
    return timezone.localtime(when).isoformat(timespec="seconds")


def moment_or_nothing(when: datetime | None) -> str:
    """Return the time as `moment` does; "" for none."""
    return moment(when) if when else ""
