"""Text drawn near the borders of an image is found, said, and covered where somebody wants it."""

import io

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

from accounts.models import AuditEvent
from accounts.tests.factories import ClinicFactory, UserFactory
from scans.ingest.border_text import border_text
from scans.models import Image, Instance
from scans.services.files import deliver
from scans.services.frames import decoded_image, read_frame
from scans.services.reports.pdf.figures import plain_figure_of
from scans.tests.core import pictures
from scans.tests.core.factories import ReleaseFactory, make_verdict
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.test_studies_api import send


def with_text(text="DOE^JANE 1954", *, size=256, font=14, at=(6, 4), seed=0):
    pixels = pictures.slice_pixels(width=size, height=size, seed=seed)
    picture = Picture.fromarray(pixels).convert("L")
    ImageDraw.Draw(picture).text(at, text, fill=230, font=ImageFont.load_default(size=font))
    return np.asarray(picture)


@pytest.mark.parametrize("size", [192, 256, 512, 800])
@pytest.mark.parametrize("corner", ["top left", "bottom right"])
def test_text_near_a_border_is_found_where_it_is(size, corner):
    at = (6, 4) if corner == "top left" else (size // 2, size - 22)
    found = border_text(with_text(size=size, at=at))
    assert found
    box = found[0]
    assert abs(box.left - at[0]) < 12
    assert at[1] - 8 < box.top < at[1] + 12


def test_a_drawn_head_has_no_text():
    for seed in range(12):
        for size in (160, 256, 512):
            assert border_text(pictures.slice_pixels(width=size, height=size, seed=seed)) == ()


def test_an_even_picture_of_any_size_has_no_text():
    for shape in ((1, 1), (3, 900), (64, 64, 3), (2000, 40)):
        assert border_text(np.zeros(shape, np.uint8)) == ()


@pytest.fixture
def browser(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def image(api, patient):
    ReleaseFactory()
    response = send(api, patient, pictures.upload("a.png", pictures.encoded(with_text())))
    assert response.status_code == 201, response.data
    return Image.objects.get()


def pixels_of(response):
    content = b"".join(response) if response.streaming else response.content
    return np.asarray(Picture.open(io.BytesIO(content)).convert("L"))


@pytest.mark.django_db
def test_what_is_found_is_said_on_the_page_and_in_the_api(api, image, browser):
    assert api.get(f"/api/v1/images/{image.pk}/").data["border_text"] == image.border_text != []
    response = browser.get(image.study.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == 200
    assert reverse("image-mask", args=[image.pk]) in page
    assert "Text near the border: check before sharing" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "burned_in", "words"),
    [
        ("MR image", ["YES"], "may hold text: its header says so"),
        ("MR image", ["NO"], None),
        ("MR image", None, None),
        ("secondary capture", None, "may hold text: it is of the kind “secondary capture”"),
        ("secondary capture", ["NO"], None),
        ("ultrasound image", None, "may hold text: it is of the kind “ultrasound image”"),
    ],
)
def test_an_image_that_may_hold_text_by_its_header_is_marked(
    image, browser, kind, burned_in, words
):
    """Where nothing was found in its pixels as well: text in the middle is not looked for."""
    Image.objects.update(border_text=[])
    header = {"00280301": {"vr": "CS", "Value": burned_in}} if burned_in else {}
    Instance.objects.update(kind=kind, header=header)
    page = browser.get(image.study.get_absolute_url()).content.decode()
    assert words in page if words else "may hold text" not in page


@pytest.mark.django_db
def test_a_covered_part_is_seen_nowhere_and_comes_back(api, image, person):
    original = deliver(user=person, row=image, kind="original")
    before = b"".join(original)
    response = api.post(f"/api/v1/images/{image.pk}/mask/", {}, format="json")
    assert response.status_code == 200, response.data
    assert response.data["mask"] == image.border_text
    image.refresh_from_db()
    left, top, width, height = image.mask[0]
    part = (slice(top, top + height), slice(left, left + width))
    assert not decoded_image(image).pixels[part].any()
    frame = np.frombuffer(read_frame(image).pixels, np.uint8).reshape(256, 256)
    assert not frame[part].any()
    for kind in ("rendition", "thumbnail"):
        assert pixels_of(deliver(user=person, row=image, kind=kind))[part].max() == 0
    figure = np.asarray(Picture.open(io.BytesIO(plain_figure_of(image).picture)).convert("L"))
    assert figure[part].max() == 0
    assert b"".join(deliver(user=person, row=image, kind="original")) == before
    api.post(f"/api/v1/images/{image.pk}/unmask/")
    image.refresh_from_db()
    assert (image.mask, image.masked_by) == ([], None)
    assert decoded_image(image).pixels[part].any()
    actions = AuditEvent.objects.filter(action__startswith="image.").order_by("sequence")
    assert [row.action for row in actions if "mask" in row.action] == [
        "image.masked",
        "image.unmasked",
    ]


@pytest.mark.django_db
def test_it_is_covered_and_shown_again_on_the_page(image, browser):
    covered = browser.post(reverse("image-mask", args=[image.pk]), follow=True).content.decode()
    assert "part of this image covered" in covered
    # What the browser has kept of the picture as it was is not shown again.
    assert f"{image.pk}/file/rendition/?covered" in covered
    shown = browser.post(reverse("image-unmask", args=[image.pk]), follow=True).content.decode()
    assert "Text near the border" in shown


@pytest.mark.django_db
def test_the_viewer_is_told_what_is_covered_and_where_text_was_found(api, image):
    def shown():
        answer = api.get(reverse("api:study-viewer", args=[image.study.pk])).json()
        return answer["series"][0]["images"][0]

    assert (shown()["mask"], shown()["border_text"]) == ([], image.border_text)
    api.post(f"/api/v1/images/{image.pk}/mask/", {}, format="json")
    assert shown()["mask"] == image.border_text != []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("part", "allowed"),
    [
        ([0, 0, 256, 56], True),  # the whole width, within 22 % of the upper border
        ([0, 0, 256, 57], False),
        ([0, 0, 256, 256], False),
        ([100, 100, 30, 30], False),
        ([200, 0, 56, 256], True),
        ([57, 0, 10, 256], False),
    ],
)
def test_the_middle_of_an_image_is_not_covered(api, image, part, allowed):
    response = api.post(f"/api/v1/images/{image.pk}/mask/", {"parts": [part]}, format="json")
    assert response.status_code == (200 if allowed else 400)
    if not allowed:
        assert "reaches into the middle of the image" in str(response.data["errors"]["parts"])


@pytest.mark.django_db
def test_text_in_the_middle_is_covered_where_it_was_found_and_on_pictures_of_a_screen(api, image):
    def cover(part):
        address = f"/api/v1/images/{image.pk}/mask/"
        return api.post(address, {"parts": [part]}, format="json").status_code

    Image.objects.update(border_text=[[10, 120, 160, 20]])
    assert cover([20, 120, 150, 18]) == 200
    assert cover([20, 110, 150, 18]) == 400
    Instance.objects.update(kind="secondary capture")
    assert cover([20, 110, 150, 18]) == 200


@pytest.mark.django_db
def test_once_it_is_signed_only_who_reads_or_administers_covers_and_uncovers(person, image):
    make_verdict(study=image.study, reader=UserFactory(radiologist=True, clinic=person.clinic))
    mask, unmask = (f"/api/v1/images/{image.pk}/{act}/" for act in ("mask", "unmask"))
    clinician = UserFactory(clinic=person.clinic)
    for address in (mask, unmask):
        refused = asking_as(clinician).post(address, {}, format="json")
        assert refused.status_code == 403
        assert "is signed" in refused.json()["detail"]
    browser = Client()
    browser.force_login(clinician)
    page = browser.get(image.study.get_absolute_url()).content.decode()
    assert "Text near the border" in page
    assert reverse("image-mask", args=[image.pk]) not in page
    for role in ("radiologist", "administrator"):
        asked = asking_as(UserFactory(clinic=person.clinic, **{role: True}))
        assert asked.post(mask, {}, format="json").status_code == 200
        assert asked.post(unmask, {}, format="json").status_code == 200


@pytest.mark.django_db
def test_the_api_names_another_address_of_the_pictures_for_each_covering(api, image):
    def addresses():
        shown = api.get(f"/api/v1/studies/{image.study.pk}/viewer/").data["series"][0]["images"][0]
        plain = api.get(f"/api/v1/images/{image.pk}/").data
        kinds = ("thumbnail_url", "rendition_url")
        assert [shown[kind] for kind in kinds] == [plain[kind] for kind in kinds]
        return tuple(plain[kind] for kind in kinds)

    cover = f"/api/v1/images/{image.pk}/mask/"
    whole = addresses()
    api.post(cover, {}, format="json")
    covered = addresses()
    api.post(cover, {"parts": [[0, 0, 200, 40]]}, format="json")
    more = addresses()
    assert not set(whole) & set(covered)
    assert not set(covered) & set(more)
    assert all(api.get(address).status_code == 200 for address in more)
    api.post(f"/api/v1/images/{image.pk}/unmask/")
    assert addresses() == whole


@pytest.mark.django_db
@pytest.mark.parametrize(
    "parts",
    [
        [[0, 0, 300, 10]],
        [[-1, 0, 5, 5]],
        [[0, 0, 0, 5]],
        [[1, 2, 3]],
        [["a", 0, 1, 1]],
        [],
        [[0, 0, 1, 1]] * 51,
        "x",
    ],
)
def test_parts_outside_the_image_are_refused(api, image, parts):
    response = api.post(f"/api/v1/images/{image.pk}/mask/", {"parts": parts}, format="json")
    assert response.status_code == 400
    assert "parts" in str(response.data["errors"])
    image.refresh_from_db()
    assert image.mask == []


@pytest.mark.django_db
def test_nobody_covers_an_image_of_another_clinic(image):
    other = asking_as(UserFactory(clinic=ClinicFactory()))
    assert other.post(f"/api/v1/images/{image.pk}/mask/", {}, format="json").status_code == 404
