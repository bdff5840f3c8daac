"""The reading of one study: taken, assigned, assessed, signed, amended."""

from collections.abc import Callable
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
from scans.api.core.views import ClinicRows
from scans.api.reading.serializers import (
    AmendSerializer,
    AssignSerializer,
    CommitSerializer,
    PrioritySerializer,
    ReadsSerializer,
    SayingSerializer,
    SignSerializer,
    StudyReadingSerializer,
    TakeSerializer,
    VerdictSerializer,
)
from scans.models import Study
from scans.services.disclosure import ai_visible
from scans.services.reading import assignment, verdicts
from scans.services.reading.assessments import Word
from scans.services.reading.double_reading import want_reads
from scans.services.reading.readable_verdicts import readable_verdicts
from scans.services.reading.worklist import take_next


class _OfStudy(ClinicRows):
    read_event = audit_events.STUDY_READ
    queryset = Study.objects.select_related("patient", "clinic", "assignee", "locked_by")
    filter_backends: list[Any] = []
    pagination_class = None

    def asked(self, serializer: type[Serializer]) -> dict[str, Any]:
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
        take_over = self.asked(TakeSerializer)["take_over"]
        return self._answer(
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
        found = take_next(user=user)
        return Response(status=204) if found is None else self._answer(found)

    @extend_schema(summary="Give a study back", request=None)
    def release(self, request: Request, pk: Any) -> Response:
        return self._answer(
            assignment.release_study(user=signed_in(request), study=self.get_object())
        )

    @extend_schema(summary="Assign a study to a radiologist", request=AssignSerializer)
    def assign(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        require(request.user, Action.ASSIGN_STUDY, study)
        asked = self.asked(AssignSerializer)["assignee"]
        person = None
        if asked is not None:
            person = User.objects.visible_to(request.user).filter(pk=asked).first()
            if person is None:
                raise ValidationError({"assignee": ["There is no such person in your clinic."]})
        return self._answer(
            _or_problem(
                lambda: assignment.assign_study(
                    user=signed_in(request), study=study, assignee=person
                )
            )
        )

    @extend_schema(summary="Say how urgent a study is", request=PrioritySerializer)
    def priority(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        asked = self.asked(PrioritySerializer)["priority"]
        user = signed_in(request)
        return self._answer(
            _or_problem(lambda: assignment.set_priority(user=user, study=study, priority=asked))
        )

    @extend_schema(summary="Ask for one reader or two", request=ReadsSerializer)
    def reads(self, request: Request, pk: Any) -> Response:
        study = self.get_object()
        require(request.user, Action.ASSIGN_STUDY, study)
        asked = self.asked(ReadsSerializer)["reads"]
        user = signed_in(request)
        return self._answer(_or_problem(lambda: want_reads(user=user, study=study, reads=asked)))

    def _answer(self, study: Study) -> Response:
        return Response(self.get_serializer(study).data)


class VerdictViewSet(_OfStudy):
    serializer_class = VerdictSerializer

    @extend_schema(
        summary="List the verdicts on a study",
        description=(
            "Every signed version, and your own draft. While two readers read it without seeing "
            "each other's word, your own only. While the AI result is withheld from you, the "
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
        return self._answer(study, readable_verdicts(user=user, study=study), many=True)

    @extend_schema(
        summary="Save the draft of your verdict",
        description=(
            "An assessment whose reason is not on the list is answered with 400 and left out; the "
            "rest of the draft is kept."
        ),
        request=SayingSerializer,
        responses=VerdictSerializer,
    )
    def draft(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        saying = _saying(self.asked(SayingSerializer))
        draft = _or_problem(lambda: verdicts.save_draft(user=user, study=study, saying=saying))
        return self._answer(study, draft)

    @extend_schema(
        summary="Commit your finding before the AI result is shown",
        description="For a clinic that reads first. A finding that was committed stays.",
        request=CommitSerializer,
        responses=VerdictSerializer,
    )
    def commit(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        asked = self.asked(CommitSerializer)
        draft = _or_problem(lambda: verdicts.commit_finding(user=user, study=study, **asked))
        return self._answer(study, draft)

    @extend_schema(summary="Sign your verdict", request=SignSerializer, responses=VerdictSerializer)
    def sign(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        asked = self.asked(SignSerializer)
        signed = _or_problem(
            lambda: verdicts.sign_verdict(
                user=user,
                study=study,
                saying=_saying(asked),
                layers=asked["layers"],
                shown=asked.get("shown"),
            )
        )
        return self._answer(study, signed)

    @extend_schema(
        summary="Begin an amendment of your signed verdict",
        description="A draft that supersedes it once it is signed, with a reason.",
        request=AmendSerializer,
        responses=VerdictSerializer,
    )
    def amend(self, request: Request, pk: Any) -> Response:
        study, user = self._to_read()
        asked = self.asked(AmendSerializer)
        return self._answer(
            study, verdicts.begin_amendment(user=user, study=study, reason=asked["reason"])
        )

    def _to_read(self) -> tuple[Study, User]:
        study, user = self.get_object(), signed_in(self.request)
        require(user, Action.READ_STUDY, study)
        return study, user

    def _answer(self, study: Study, shown: Any, *, many: bool = False) -> Response:
        told = ai_visible(user=signed_in(self.request), study=study)
        context = dict(self.get_serializer_context()) | {"told": told}
        return Response(VerdictSerializer(shown, many=many, context=context).data)


def _saying(asked: dict[str, Any]) -> verdicts.Saying:
    words = tuple(Word(**word) for word in asked.get("assessments", ()))
    told = {name: asked.get(name) for name in ("finding", "comment", "amendment_reason")}
    return verdicts.Saying(
        words=words, seconds=asked["seconds"], revision=asked.get("revision"), **told
    )


def _or_problem(act: Callable[[], Any]) -> Any:
    """The service's refusal of a field, as a problem that names the field."""
    try:
        return act()
    except Refused as error:
        found = getattr(error, "message_dict", None) or {"non_field_errors": error.messages}
        raise ValidationError(found) from error
