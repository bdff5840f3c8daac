"""Clinics and people for tests. Everyone's password is `PASSWORD`."""

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts.models import Clinic, Role, User

PASSWORD = "correct horse battery staple"


class ClinicFactory(DjangoModelFactory):
    class Meta:
        model = Clinic

    name = factory.Sequence(lambda number: f"Clinic {number}")


class UserFactory(DjangoModelFactory):
    """A clinician of a new clinic; traits: radiologist, administrator, superuser, inactive."""

    class Meta:
        model = User

    class Params:
        clinician = factory.Trait(role=Role.CLINICIAN)
        radiologist = factory.Trait(role=Role.RADIOLOGIST)
        administrator = factory.Trait(role=Role.ADMINISTRATOR)
        superuser = factory.Trait(is_superuser=True, clinic=None, role="")
        inactive = factory.Trait(is_active=False)

    username = factory.Sequence(lambda number: f"person{number}")
    first_name = factory.Sequence(lambda number: f"Given{number}")
    last_name = factory.Sequence(lambda number: f"Family{number}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@clinic.example")
    clinic = factory.SubFactory(ClinicFactory)
    role = Role.CLINICIAN
    # `password="..."` gives a plain one; the factory hashes it.
    password = factory.Transformer(PASSWORD, transform=make_password)
