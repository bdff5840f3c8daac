"""Critical findings of a study: sent, phoned, and whether they were acknowledged."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.idempotency import KEY_PARAMETER, response_of, run_idempotently, to_store
from scans.api.core.in_person import refuse_token_for_person
from scans.api.core.views import ClinicRows
from scans.models import CriticalFinding, Study
from scans.models.assessment import Finding
from scans.services.core.idempotency import StoredResponse
from scans.services.reading.critical_finding_status import (
    CriticalFindingStatus,
    readable_critical_findings,
    statuses_of,
)
from scans.services.reading.critical_findings import note_phone_call, send_critical_finding


class CriticalFindingSerializer(serializers.ModelSerializer):
    """One message or phone call about a study. The link that acknowledges it is not in here."""

    study = serializers.UUIDField(source="study_id", read_only=True)
    reported_by = serializers.CharField(source="reported_by.username", read_only=True)
    recipient = serializers.IntegerField(source="recipient_id", read_only=True, allow_null=True)
    told_patient = serializers.SerializerMethodField(
        help_text="The patient as the finding was sent: what its page names."
    )
    is_moved = serializers.SerializerMethodField(
        help_text="Whether the study is another patient's since."
    )
    is_undelivered = serializers.SerializerMethodField(
        help_text="Whether its mail could not be delivered, and nobody has acknowledged it."
    )
    verdict_since_at = serializers.SerializerMethodField(
        help_text="When the study was decided, or decided anew, after this was told; null where it "
        "was not."
    )
    verdict_since_finding = serializers.SerializerMethodField(
        help_text="The finding of the verdict that decides the study since; null where "
        "`verdict_since_at` is, and while two readers disagree."
    )
    is_acknowledged = serializers.SerializerMethodField()
    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="The account, where the person was signed in.",
    )

    is_name_as_typed = serializers.BooleanField(
        read_only=True,
        help_text="Whether `acknowledged_name` was typed by somebody who was not signed in; else "
        "it is the account's.",
    )

    class Meta:
        model = CriticalFinding
        fields = [
            "id",
            "study",
            "channel",
            "text",
            "reported_by",
            "reported_at",
            "noted_at",
            "recipient",
            "recipient_name",
            "address",
            "told_patient",
            "is_moved",
            "is_undelivered",
            "verdict_since_at",
            "verdict_since_finding",
            "is_acknowledged",
            "acknowledged_at",
            "acknowledged_by",
            "acknowledged_name",
            "is_name_as_typed",
        ]
        read_only_fields = fields

    def get_is_undelivered(self, finding: CriticalFinding) -> bool:
        return bool(self._status(finding).is_undelivered)

    def get_told_patient(self, finding: CriticalFinding) -> str:
        return str(self._status(finding).identity["patient"])

    def get_is_moved(self, finding: CriticalFinding) -> bool:
        return bool(self._status(finding).is_moved)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_verdict_since_at(self, finding: CriticalFinding) -> str | None:
        since = self._status(finding).verdict_since
        return serializers.DateTimeField().to_representation(since.signed_at) if since else None

    @extend_schema_field(serializers.ChoiceField(Finding.choices, allow_null=True))
    def get_verdict_since_finding(self, finding: CriticalFinding) -> str | None:
        since = self._status(finding).verdict_since
        return since.verdict.finding if since and since.verdict else None

    def _status(self, finding: CriticalFinding) -> CriticalFindingStatus:
        status: CriticalFindingStatus = self.context["statuses"][finding.pk]
        return status

    def get_is_acknowledged(self, finding: CriticalFinding) -> bool:
        return finding.acknowledged_at is not None


class SendingSerializer(serializers.Serializer):
    """To a person of the clinic (`recipient`), or to an `address` with a `name`."""

    text = serializers.CharField(max_length=1000, help_text="What was found.")
    recipient = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="`id` of a person of the clinic."
    )
    address = serializers.EmailField(required=False, allow_blank=True, default="")
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class PhoneCallSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=1000, help_text="What was said.")
    spoken_to = serializers.CharField(max_length=200)
    at = serializers.DateTimeField(help_text="When the call was.")


class CriticalFindingViewSet(ClinicRows):
    queryset = Study.objects.select_related("patient__merged_into", "clinic")
    read_event = audit_events.STUDY_READ
    serializer_class = CriticalFindingSerializer
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        summary="List the critical findings of a study",
        description=(
            "For radiologists. The newest first, each with whether it was acknowledged. While two "
            "readers read without seeing each other's findings, or the AI result is withheld from "
            "you, those that you sent or were sent."
        ),
        responses=CriticalFindingSerializer(many=True),
    )
    def list(self, request: Request, pk: Any) -> Response:
        study = self._study()
        rows = readable_critical_findings(user=signed_in(request), study=study)
        self.record_read(study)
        shown = rows.select_related("reported_by", "acknowledged_by", "study__patient")
        return Response(self._shown(list(shown)))

    @extend_schema(
        summary="Send a critical finding",
        description=(
            "To a person of the clinic, or to an email address. The message holds a link and no "
            "name; who opens it acknowledges the finding there. With an `Idempotency-Key`, the "
            "same key and request send it once and give the same response."
        ),
        parameters=[KEY_PARAMETER],
        request=SendingSerializer,
        responses={201: CriticalFindingSerializer},
    )
    def send(self, request: Request, pk: Any) -> Response:
        study = self._study()
        facts = self._checked(SendingSerializer)
        chosen = facts.pop("recipient")
        recipient = None
        if chosen is not None:
            recipient = User.objects.visible_to(request.user).filter(pk=chosen).first()
            if recipient is None:
                raise ValidationError({"recipient": ["There is no such person in your clinic."]})
        user = signed_in(request)

        def send(key: UUID | None) -> CriticalFinding:
            return send_critical_finding(
                user=user, study=study, recipient=recipient, key=key, **facts
            )

        return self._made_once(facts | {"recipient": recipient.pk if recipient else ""}, send)

    @extend_schema(
        summary="Note a phone call about a critical finding",
        description=(
            "Whom you spoke to and when; nothing is left to acknowledge. In a session of your own: "
            "an API token has spoken to nobody (403). With an `Idempotency-Key`, the same key and "
            "request note it once and give the same response."
        ),
        parameters=[KEY_PARAMETER],
        request=PhoneCallSerializer,
        responses={201: CriticalFindingSerializer},
    )
    def phone(self, request: Request, pk: Any) -> Response:
        study = self._study()
        refuse_token_for_person(request, did="spoken to nobody")
        facts = self._checked(PhoneCallSerializer)

        def note(key: UUID | None) -> CriticalFinding:
            return note_phone_call(user=signed_in(request), study=study, key=key, **facts)

        return self._made_once(facts, note)

    def _study(self) -> Study:
        study: Study = self.get_object()
        require(self.request.user, Action.READ_STUDY, study)
        return study

    def _checked(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def _made_once(
        self, facts: dict[str, Any], make: Callable[[UUID | None], CriticalFinding]
    ) -> Response:
        def act(key: UUID | None) -> StoredResponse:
            return to_store(self._shown([make(key)])[0], status.HTTP_201_CREATED)

        fields = {name: str(value) for name, value in facts.items()}
        return response_of(run_idempotently(self.request, fields=fields, act=act))

    def _shown(self, findings: Sequence[CriticalFinding]) -> Any:
        statuses = {one.finding.pk: one for one in statuses_of(findings)}
        context = dict(self.get_serializer_context()) | {"statuses": statuses}
        return CriticalFindingSerializer(findings, many=True, context=context).data
