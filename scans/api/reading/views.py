"""The reading of one study: taken, assigned, assessed, signed, amended."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts import audit
from accounts.models import User
from accounts.policy import Action, require
from accounts.requests import signed_in
from scans import audit_events
from scans.api.core.in_person import refuse_token, refuse_token_for_person
from scans.api.core.views import ClinicRows
from scans.api.reading.serializers import (
    AmendSerializer,
    AssignSerializer,
    CommitSerializer,
    PrioritySerializer,
    ReadersRequiredSerializer,
    SignSerializer,
    StudyReadingSerializer,
    TakeSerializer,
    VerdictInputSerializer,
    VerdictSerializer,
)
from scans.api.reading.signatures import (
    contradictions_as_problem,
    despite_of,
)
from scans.models import Study
from scans.services.analyses.displayed_results import ShownStatement
from scans.services.disclosure import ai_visible
from scans.services.reading import assignment, verdict_drafts, verdicts
from scans.services.reading.assessments import AssessmentInput
from scans.services.reading.contradictions import Despite
from scans.services.reading.double_reading import set_readers_required
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.worklist import take_next
from scans.services.reports.verdict_signing import sign_verdict
from scans.services.studies.priority import set_priority


class _OfStudy(ClinicRows):
    read_event = audit_events.STUDY_READ
    queryset = Study.objects.select_related("patient", "clinic", "assignee", "locked_by")
    filter_backends: list[Any] = []
    pagination_class = None

    def validated(self, serializer: type[Serializer]) -> dict[str, Any]:
        """Return the body of the request, checked by the serializer."""
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)


class StudyReadingViewSet(_OfStudy):
    serializer_class = StudyReadingSerializer

    @extend_schema(summary="Take a study to read it", request=TakeSerializer)
    def take(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        user = signed_in(request)
        require(user, Action.READ_STUDY, study)
        take_over = self.validated(TakeSerializer)["take_over"]
        return self._respond(
            _or_problem(lambda: assignment.take_study(user=user, study=study, take_over=take_over))
        )

    @extend_schema(
        summary="Take the next study",
        description=(
            "The first of the worklist that you can read: nobody else is reading it, or was given "
            "it and is still within its time, and you have not read it. No content where there is "
            "none."
        ),
        request=None,
        responses={200: StudyReadingSerializer, 204: None},
    )
    def next(self, request: Request) -> Response:
        user = signed_in(request)
        taken = take_next(user=user)
        return Response(status=204) if taken is None else self._respond(taken.study)

    @extend_schema(summary="Give a study back", request=None)
    def release(self, request: Request, pk: Any) -> Response:
        return self._respond(
            assignment.release_study(user=signed_in(request), study=self.get_object())
        )

    @extend_schema(summary="Assign a study to a radiologist", request=AssignSerializer)
    def assign(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        require(request.user, Action.ASSIGN_STUDY, study)
        assignee = self.validated(AssignSerializer)["assignee"]
        person = None
        if assignee is not None:
            person = User.objects.visible_to(request.user).filter(pk=assignee).first()
            if person is None:
                raise ValidationError({"assignee": ["There is no such person in your clinic."]})
        return self._respond(
            _or_problem(
                lambda: assignment.assign_study(
                    user=signed_in(request), study=study, assignee=person
                )
            )
        )

    @extend_schema(summary="Set the priority of a study", request=PrioritySerializer)
    def priority(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        priority = self.validated(PrioritySerializer)["priority"]
        user = signed_in(request)
        return self._respond(
            _or_problem(lambda: set_priority(user=user, study=study, priority=priority))
        )

    @extend_schema(summary="Require one reader or two", request=ReadersRequiredSerializer)
    def reads(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        require(request.user, Action.ASSIGN_STUDY, study)
        readers = self.validated(ReadersRequiredSerializer)["reads"]
        user = signed_in(request)
        return self._respond(
            _or_problem(lambda: set_readers_required(user=user, study=study, readers=readers))
        )

    def _respond(self, study: Study) -> Response:
        return Response(self.get_serializer(study).data)


class VerdictViewSet(_OfStudy):
    serializer_class = VerdictSerializer

    @extend_schema(
        summary="List the verdicts on a study",
        description=(
            "Every signed version, and your own draft. While two readers read it without seeing "
            "each other's findings, your own only. While the AI result is withheld from you, the "
            "others' finding only: no comment, reason or committed finding."
        ),
        responses=VerdictSerializer(many=True),
    )
    def list(self, request: Request, pk: Any) -> Response:
        study, user = self.get_object(), signed_in(request)
        audit.record(
            actor=user,
            event=audit_events.STUDY_VERDICTS_READ,
            row=study,
            patient_id=study.patient_id,
        )
        return self._respond(study, readable_verdicts(user=user, study=study), many=True)

    @extend_schema(
        summary="Save the draft of your verdict",
        description=(
            "An assessment whose reason is not on the list is answered with 400 and left out; the "
            "rest of the draft is saved."
        ),
        request=VerdictInputSerializer,
        responses=VerdictSerializer,
    )
    def draft(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        verdict_input = verdict_input_of(self.validated(VerdictInputSerializer))
        if request.auth is not None:  # a program had nothing in sight
            verdict_input = replace(verdict_input, seconds=0)
        draft = _or_problem(
            lambda: verdict_drafts.save_draft(user=user, study=study, verdict_input=verdict_input)
        )
        return self._respond(study, draft)

    @extend_schema(
        summary="Commit your finding before the AI result is shown",
        description=(
            "For a clinic that reads first. A finding that was committed stays. In a session of "
            "your own: an API token has seen nothing (403). Where your page reported images and "
            "some were not shown, a 409 says so in `contradictions`, to be sent back."
        ),
        request=CommitSerializer,
        responses=VerdictSerializer,
    )
    def commit(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        refuse_token_for_person(request)
        data = self.validated(CommitSerializer)
        despite = Despite(data.pop("contradictions"))
        with contradictions_as_problem():
            draft = _or_problem(
                lambda: verdicts.commit_finding(user=user, study=study, despite=despite, **data)
            )
        return self._respond(study, draft)

    @extend_schema(
        summary="Sign your verdict",
        description=(
            "In a session of your own: an API token signs nothing (403). What contradicts itself "
            "is a 409 that lists it in `contradictions`; send these back with a sentence in "
            "`contradiction_note` to sign all the same."
        ),
        request=SignSerializer,
        responses=VerdictSerializer,
    )
    def sign(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        refuse_token(request)
        data = self.validated(SignSerializer)
        with contradictions_as_problem():
            signed = _or_problem(
                lambda: sign_verdict(
                    user=user,
                    study=study,
                    verdict_input=verdict_input_of(data),
                    layers=data["layers"],
                    shown=data.get("shown"),
                    statements=shown_statements_of(data),
                    despite=despite_of(data),
                )
            )
        return self._respond(study, signed)

    @extend_schema(
        summary="Begin an amendment of your signed verdict",
        description="A draft that supersedes it once it is signed, with a reason.",
        request=AmendSerializer,
        responses=VerdictSerializer,
    )
    def amend(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        data = self.validated(AmendSerializer)
        return self._respond(
            study, verdicts.begin_amendment(user=user, study=study, reason=data["reason"])
        )

    @extend_schema(
        summary="Discard the amendment that you have begun",
        description="The draft is kept, and no part of any list; your signed verdict holds on.",
        request=None,
        responses=VerdictSerializer,
    )
    def discard(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        return self._respond(study, verdicts.discard_amendment(user=user, study=study))

    def _to_read(self) -> tuple[Study, User]:
        study, user = self.get_object(), signed_in(self.request)
        require(user, Action.READ_STUDY, study)
        return study, user

    def _respond(self, study: Study, shown: Any, *, many: bool = False) -> Response:
        disclosed = ai_visible(user=signed_in(self.request), study=study)
        context = dict(self.get_serializer_context()) | {"disclosed": disclosed}
        return Response(VerdictSerializer(shown, many=many, context=context).data)


def verdict_input_of(data: dict[str, Any]) -> verdict_drafts.VerdictInput:
    return verdict_drafts.VerdictInput(
        finding=data.get("finding"),
        comment=data.get("comment"),
        amendment_reason=data.get("amendment_reason"),
        assessments=tuple(AssessmentInput(**one) for one in data.get("assessments", ())),
        seconds=data["seconds"],
        revision=data.get("revision"),
    )


def shown_statements_of(data: dict[str, Any]) -> list[ShownStatement] | None:
    """The statements that were reported as shown; None where that is left out."""
    if "statements" not in data:
        return None
    return [(one["id"], one["updated_at"]) for one in data["statements"]]


def _or_problem(act: Callable[[], Any]) -> Any:
    """Call the service; its refusal of a field becomes a problem that names the field."""
    try:
        return act()
    except Refused as error:
        found = getattr(error, "message_dict", None) or {"non_field_errors": error.messages}
        raise ValidationError(found) from error
