"""Forms of the administration. Each is saved by `accounts.people` or `accounts.clinics`."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation

from accounts import clinics, people
from accounts.admin.base import ServiceForm
from accounts.models import Clinic, Role, User


class NewPersonForm(ServiceForm):
    """A new account, with its first password."""

    first_password = forms.CharField(
        label="First password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Tell it to the person, who can change it after the first sign-in.",
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "clinic", "role", "is_superuser")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "clinic" not in self.fields:
            self.instance.clinic = self.person.clinic
            self.fields["role"].required = True
            self.fields["role"].choices = [("", "Choose a role"), *Role.choices]  # type: ignore[attr-defined]

    def clean_first_password(self) -> str:
        """Return the password, or refuse one that is too easy to guess."""
        password = self.cleaned_data["first_password"]
        names = ("username", "first_name", "last_name", "email")
        person = User(**{name: self.cleaned_data.get(name) or "" for name in names})
        password_validation.validate_password(password, person)
        return password

    def write(self) -> User:
        """Make the account; of the administrator's own clinic, unless a superuser chose one."""
        facts = dict(self.cleaned_data)
        clinic = facts.pop("clinic") if "clinic" in self.fields else self.person.clinic
        password = facts.pop("first_password")
        return people.add_person(user=self.person, clinic=clinic, password=password, **facts)


class PersonForm(ServiceForm):
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
        facts = {"role": self.instance.role} | self.cleaned_data
        active = facts.pop("is_active", self.instance.is_active)
        person = people.edit_person(user=self.person, person=self.instance, **facts)
        switch = people.reactivate_person if active else people.deactivate_person
        return switch(user=self.person, person=person)


class ClinicForm(ServiceForm):
    """The name; and how the clinic reads, once there is one."""

    class Meta:
        model = Clinic
        fields = ("name", *clinics.READING_SETTINGS)

    def write(self) -> Clinic:
        """Add the clinic, or rename it and change how it reads."""
        facts = dict(self.cleaned_data)
        name = facts.pop("name")
        if self.instance._state.adding:
            return clinics.add_clinic(user=self.person, name=name)
        # The form has put what was sent into its own row, so the stored row is read again.
        clinic = Clinic.objects.get(pk=self.instance.pk)
        if name != clinic.name:
            clinic = clinics.rename_clinic(user=self.person, clinic=clinic, name=name)
        return clinics.change_reading_settings(user=self.person, clinic=clinic, changes=facts)
