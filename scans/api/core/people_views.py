"""The people of one's clinic: for its administrators. No password goes in or out."""

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import people
from accounts.invitations import invite_person
from accounts.models import Role, User
from accounts.policy import Action, require
from accounts.requests import signed_in
from scans.api.core.views import ClinicRows


class MemberSerializer(serializers.ModelSerializer):
    """A person of the clinic, and whether their account is open."""

    role = serializers.ChoiceField(choices=Role.choices, read_only=True)
    has_password = serializers.BooleanField(
        source="has_usable_password",
        read_only=True,
        help_text="False until the person has set one by the link that they were sent.",
    )

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "first_name",
            "last_name",
            "email",
            "role",
            "is_active",
            "has_password",
            "last_login",
            "date_joined",
        ]
        read_only_fields = fields


class PersonChangesSerializer(serializers.Serializer):
    """Only what is sent is changed."""

    username = serializers.CharField(max_length=150, required=False)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices, required=False)


class NewPersonSerializer(serializers.Serializer):
    """Without a username the email address is one."""

    username = serializers.CharField(max_length=150, default="", allow_blank=True)
    first_name = serializers.CharField(max_length=150, default="", allow_blank=True)
    last_name = serializers.CharField(max_length=150, default="", allow_blank=True)
    email = serializers.EmailField(max_length=254, default="", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationSerializer(serializers.Serializer):
    """The account, and how the link to set a password reaches its person."""

    person = MemberSerializer(read_only=True)
    is_mailed = serializers.BooleanField(read_only=True)
    link = serializers.URLField(
        read_only=True,
        allow_null=True,
        help_text=(
            "Where there is no mail server: the one copy of the one-time link, for the person "
            "alone. Null where it was mailed."
        ),
    )


class PersonViewSet(ClinicRows):
    queryset = User.objects.all()
    serializer_class = MemberSerializer
    filter_backends: list[Any] = []

    @extend_schema(
        summary="List the people of your clinic",
        description="For clinic administrators. Closed accounts come last.",
    )
    def list(self, request: Request) -> Response:
        rows = self.get_queryset().filter(clinic=people.managed_clinic(signed_in(self.request)))
        ordered = rows.order_by("-is_active", "last_name", "first_name", "username", "pk")
        page = self.paginate_queryset(ordered) or []
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(summary="Show a person of your clinic")
    def retrieve(self, request: Request, pk: Any) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Invite a person",
        description=(
            "Makes an account without a password. Its person sets one by a one-time link, which is "
            "mailed, or given in this answer alone where the installation has no mail server."
        ),
        request=NewPersonSerializer,
        responses={201: InvitationSerializer},
    )
    def invite(self, request: Request) -> Response:
        clinic = people.managed_clinic(signed_in(self.request))
        form = NewPersonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = invite_person(user=signed_in(request), clinic=clinic, **form.validated_data)
        link = None if made.is_mailed else request.build_absolute_uri(made.path)
        shown = {"person": made.person, "is_mailed": made.is_mailed, "link": link}
        return Response(InvitationSerializer(shown).data, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change the name, address or role of a person",
        description="Nobody changes their own role.",
        request=PersonChangesSerializer,
    )
    def partial_update(self, request: Request, pk: Any) -> Response:
        person = self.get_object()
        form = PersonChangesSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        people.edit_person(user=signed_in(request), person=person, **form.validated_data)
        return Response(self.get_serializer(person).data)

    @extend_schema(
        summary="Close the account of a person",
        description="Sessions and tokens end at once; what the person recorded stays.",
        request=None,
    )
    def close(self, request: Request, pk: Any) -> Response:
        person = people.deactivate_person(user=signed_in(request), person=self.get_object())
        return Response(self.get_serializer(person).data)

    @extend_schema(summary="Open a closed account again", request=None)
    def open(self, request: Request, pk: Any) -> Response:
        person = people.reactivate_person(user=signed_in(request), person=self.get_object())
        return Response(self.get_serializer(person).data)

    def get_object(self) -> User:
        person = cast(User, super().get_object())
        require(self.request.user, Action.MANAGE_PEOPLE, person)
        return person
