import pytest
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.tests.factories import UserFactory
from scans.models import Image
from scans.tests.core.factories import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return UserFactory(radiologist=True)


def test_the_study_page_leads_to_the_viewer(doctor, reader):
    study = make_study(user=reader)
    doctor.force_login(reader)
    response = doctor.get(study.get_absolute_url())
    assert reverse("viewer", args=[study.pk]) in response.content.decode()


def test_the_page_shows_whose_images_these_are_and_keeps_no_copy(doctor, reader):
    study = make_study(user=reader)
    doctor.force_login(reader)
    response = doctor.get(reverse("viewer", args=[study.pk]))
    text = response.content.decode()
    assert study.patient.mrn in text
    assert study.patient.family_name not in text.split("<title>")[1].split("</title>")[0]
    assert "no-store" in response["Cache-Control"]
    assert AuditEvent.objects.filter(action="study.read", object_id=str(study.pk)).count() == 1


@pytest.mark.parametrize("names_image", [0, 1])
def test_the_pixels_of_the_image_it_opens_at_are_asked_for_by_the_page(doctor, reader, names_image):
    study = make_study(user=reader, images=2)
    images = list(Image.objects.filter(series__study=study))
    doctor.force_login(reader)
    address = reverse("viewer", args=[study.pk]) + (f"?image={images[1].pk}" if names_image else "")
    text = doctor.get(address).content.decode()
    assert [reverse("api:image-frame", args=[one.pk]) in text for one in images] == [
        not names_image,
        bool(names_image),
    ]


def test_an_image_of_another_study_is_not_asked_for(doctor, reader):
    study, other = make_study(user=reader), make_study(user=UserFactory())
    foreign = Image.objects.get(series__study=other)
    doctor.force_login(reader)
    text = doctor.get(f"{reverse('viewer', args=[study.pk])}?image={foreign.pk}").content.decode()
    assert str(foreign.pk) not in text
    assert reverse("api:image-frame", args=[Image.objects.get(series__study=study).pk]) in text


@pytest.mark.parametrize(("role", "tools"), [("radiologist", True), ("clinician", False)])
def test_only_who_may_annotate_gets_the_drawing_tools(doctor, role, tools):
    person = UserFactory(radiologist=True) if role == "radiologist" else UserFactory()
    study = make_study(user=person)
    doctor.force_login(person)
    text = doctor.get(reverse("viewer", args=[study.pk])).content.decode()
    assert ("data-shape=" in text) is tools
