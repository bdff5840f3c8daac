"""Renditions, thumbnails and the viewer begin with one window, which a hot pixel does not move."""

import io
import json

import numpy as np
import pytest
from PIL import Image as Picture

from ml.imaging.formats import Window
from scans.ingest.windows import eight_bit, first_window
from scans.models import Image
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory

pytestmark = pytest.mark.django_db


def with_a_hot_pixel() -> np.ndarray:
    y, x = np.mgrid[:96, :96]
    pixels = (300 + 5 * x + 3 * y).astype(np.uint16)
    pixels[40, 40] = 65535
    return pixels


@pytest.fixture
def image(api, person):
    ReleaseFactory()
    sent = {
        "patient": str(PatientFactory(clinic=person.clinic).pk),
        "study_date": "2024-05-06",
        "files": [pictures.upload("a.png", pictures.encoded(with_a_hot_pixel()))],
    }
    api.post("/api/v1/studies/", sent, format="multipart")
    return Image.objects.get()


def shown(api, image: Image, part: str) -> np.ndarray:
    response = api.get(f"/api/v1/images/{image.pk}/{part}/")
    return np.asarray(Picture.open(io.BytesIO(b"".join(response.streaming_content))))


def test_one_hot_pixel_darkens_no_picture_and_all_begin_as_the_viewer_does(api, image):
    facts = json.loads(api.get(f"/api/v1/images/{image.pk}/frame/").headers["X-Frame"])
    window = Window(center=facts["window_center"], width=facts["window_width"])
    assert window == first_window(with_a_hot_pixel())
    rendition = shown(api, image, "rendition")
    assert (rendition == eight_bit(with_a_hot_pixel(), window)).all()
    assert 100 < rendition.mean() < 155
    assert 100 < shown(api, image, "thumbnail").mean() < 155


@pytest.mark.parametrize("shape", [(70, 80), (66, 72, 3), (1, 5), (1200, 1100)])
def test_the_window_is_of_the_percentiles_as_numpy_computes_them(shape):
    pixels = np.random.default_rng(7).integers(0, 65536, shape).astype(np.uint16)
    pixels[0, 0] = 0
    window = first_window(pixels)
    low, high = np.percentile(pixels, [0.1, 99.9])
    assert window.center == pytest.approx((low + high) / 2)
    assert window.width == pytest.approx(high - low)


def test_an_image_of_one_value_is_black_and_eight_bits_are_shown_as_they_are():
    assert not eight_bit(np.full((70, 70), 900, np.uint16), None).any()
    assert first_window(np.zeros((4, 4), np.uint8)) == Window(center=127.5, width=255)
    small = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert (eight_bit(small, None) == small).all()
