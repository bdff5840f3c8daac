"""Two objects of one UID, side by side: what an administrator sees before deciding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.db.models.fields.files import FieldFile

from scans import ingest
from scans.ingest.limits import upload_limits
from scans.models import Instance, ReceivedObject


@dataclass(frozen=True)
class Conflict:
    """An object in quarantine beside the one that has its UID.

    `instance` is that one where it is in the record, `waiting` where it waits in the inbox; neither
    where it was discarded since: then this one can be filed. `differences` are of the headers;
    where there is none, the pixels differ. `problem` says why they cannot be compared.
    """

    row: ReceivedObject
    instance: Instance | None
    waiting: ReceivedObject | None
    differences: tuple[ingest.HeaderDifference, ...]
    problem: str = ""

    @property
    def is_free(self) -> bool:
        """Whether nothing has the UID any more."""
        return self.instance is None and self.waiting is None


def conflict_of(row: ReceivedObject) -> Conflict:
    """Compare the headers of an object in quarantine with those of the one before it."""
    same = {"clinic_id": row.clinic_id, "sop_instance_uid": row.sop_instance_uid}
    instances = Instance.objects.filter(**same).select_related("series__study__patient")
    instance = instances.first()
    others = ReceivedObject.objects.open().not_quarantined().filter(**same)
    waiting = others.exclude(pk=row.pk).first() if instance is None else None
    if instance is None and waiting is None:
        return Conflict(row, None, None, ())
    try:
        before = _header_of(instance, waiting)
        differences = ingest.header_differences(before, _header_in(row.file))
    except (ingest.Refusal, FileNotFoundError) as error:
        return Conflict(row, instance, waiting, (), problem=str(error))
    return Conflict(row, instance, waiting, differences)


def _header_of(instance: Instance | None, waiting: ReceivedObject | None) -> Mapping[str, Any]:
    if instance is not None:
        kept: Mapping[str, Any] | None = instance.header
        return kept if kept is not None else _header_in(instance.file)
    assert waiting is not None
    return _header_in(waiting.file)


def _header_in(field: FieldFile) -> Mapping[str, Any]:
    with field.open("rb") as file:
        return ingest.read_header(cast(BinaryIO, file), upload_limits())
