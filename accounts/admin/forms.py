"""Forms of the administration. Each is saved by `accounts.people` or `accounts.clinics`."""

from typing import Any

from accounts import clinics, people
from accounts.admin.base import SeenServiceForm, ServiceForm
from accounts.invitations import Invitation, invite_person
from accounts.models import Clinic, Role, User


class NewPersonForm(ServiceForm):
    """A new account. Its person sets the password with a one-time link."""

    invitation: Invitation

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "clinic", "role", "is_superuser")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "clinic" not in self.fields:
            self.instance.clinic = self.person.clinic
            self.fields["role"].required = True
            self.fields["role"].choices = [("", "Choose a role"), *Role.choices]  # type: ignore[attr-defined]

    def write(self) -> User:
        """Make the account, of the administrator's own clinic or the one chosen; and the link."""
        facts = {"clinic": self.person.clinic} | self.cleaned_data
        self.invitation = invite_person(user=self.person, **facts)
        return self.invitation.person


class PersonForm(SeenServiceForm):
    """Who a person is, what they may do, and whether their account is active."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "role", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].required = True
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = (
                "Take the tick away instead of deleting a person. Their sessions and API tokens "
                "end at once; what they recorded stays."
            )

    def write(self) -> User:
        """Change the person, then activate or deactivate the account."""
        changes, seen = self.changes, self.seen
        active = changes.pop("is_active", None)
        seen.pop("is_active", None)
        person = people.edit_person(user=self.person, person=self.instance, seen=seen, **changes)
        if active is None:
            return person
        switch = people.reactivate_person if active else people.deactivate_person
        return switch(user=self.person, person=person)


class ClinicForm(SeenServiceForm):
    """The name; and how the clinic reads, once there is one."""

    class Meta:
        model = Clinic
        fields = ("name", *clinics.READING_SETTINGS)

    def write(self) -> Clinic:
        """Add the clinic, or rename it and change how it reads."""
        if self.instance._state.adding:
            return clinics.add_clinic(user=self.person, name=self.cleaned_data["name"])
        changes, seen = self.changes, self.seen
        # The form has put what was sent into its own row, so the stored row is read again.
        clinic = Clinic.objects.get(pk=self.instance.pk)
        if "name" in changes:
            clinic = clinics.rename_clinic(
                user=self.person, clinic=clinic, name=changes["name"], seen=seen.get("name")
            )
        return clinics.change_reading_settings(
            user=self.person, clinic=clinic, changes=changes, seen=seen
        )
