"""What is said beside a verdict or a report, as fields of whatever answer shows either."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from scans.models import Study, Verdict
from scans.services.reports.caveats import Caveats
from scans.services.reports.study_readings import caveats_on

AMENDED_HELP = (
    "When the verdict on the study was amended after its newest report was signed; null where it "
    "was not, or once the report's amendment is signed."
)

NEW_IMAGES_HELP = (
    "When the first of the images came that nobody has answered for since a verdict or a report on "
    "the study was signed: those received from then on. Null where none has."
)


class MovedFields(serializers.Serializer):
    """Of one version that was signed, a verdict or a report."""

    moved_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When the study was moved to the patient it is of now, after this was signed; "
        "null where it was not.",
    )
    moved_from = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="Name and MRN of the patient whom it was signed for, where it was moved since.",
    )


class AmendedField(serializers.Serializer):
    """Of the study of a row; decided once for all rows of an answer."""

    verdict_amended_at = serializers.SerializerMethodField(help_text=AMENDED_HELP)
    new_images_at = serializers.SerializerMethodField(help_text=NEW_IMAGES_HELP)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_verdict_amended_at(self, row: Any) -> str | None:
        return _moment(self.caveats(row).verdict_amended_at)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_new_images_at(self, row: Any) -> str | None:
        return _moment(self.caveats(row).new_images_at)

    def caveats(self, row: Any) -> Caveats:
        """Return what is said beside the study of this row."""
        known: dict[UUID, Caveats] = cast("dict[str, Any]", self.context).setdefault("caveats", {})
        study = _study_of(row)
        if study not in known:
            listed = getattr(self.parent, "instance", None) or [row]
            studies = {study, *(_study_of(one) for one in listed)}
            known |= caveats_of(user=self.context["request"].user, studies=studies)
        return known[study]


class CaveatFields(AmendedField):
    """Of a study itself."""

    moved_at = serializers.SerializerMethodField(
        help_text="When it was moved to the patient it is of now, after its verdict or its report "
        "was signed; null where it was not."
    )
    moved_from = serializers.SerializerMethodField(
        help_text="Name and MRN of the patient whom these were signed for."
    )

    report_signed_although = serializers.SerializerMethodField(
        help_text="What contradicts itself in its newest signed report, a sentence each; empty "
        "where nothing was asked."
    )
    report_contradiction_note = serializers.SerializerMethodField(
        help_text="The sentence of the signer of that report: why it is right all the same."
    )

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_report_signed_although(self, row: Any) -> list[str]:
        return list(self.caveats(row).signed_although)

    @extend_schema_field(serializers.CharField())
    def get_report_contradiction_note(self, row: Any) -> str:
        return self.caveats(row).contradiction_note

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_moved_at(self, row: Any) -> str | None:
        return _moment(self.caveats(row).moved_at)

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_moved_from(self, row: Any) -> str | None:
        return self.caveats(row).moved_from


def caveats_of(*, user: User, studies: Iterable[UUID]) -> dict[UUID, Caveats]:
    """Return what is said beside each of these studies: the `caveats` of a serializer's context.

    To be given by the view whose rows are a part of something else: there each is asked alone.
    """
    listed = list(studies)
    return dict.fromkeys(listed, Caveats()) | caveats_on(user=user, studies=listed)


CAVEATS = ("verdict_amended_at", "new_images_at", "moved_at", "moved_from")
OF_STUDY = (*CAVEATS, "report_signed_although", "report_contradiction_note")


def _study_of(row: Any) -> UUID:
    if isinstance(row, Study):
        return row.pk
    found: UUID = row.study_id if isinstance(row, Verdict) else row.study
    return found


def _moment(when: datetime | None) -> str | None:
    return serializers.DateTimeField().to_representation(when) if when else None
