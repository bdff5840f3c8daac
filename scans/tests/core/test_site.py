"""The frame of the site: error pages, files, and that nothing inline is in any template."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from scans.management.commands.draw_color_maps import strip_path
from scans.services.analyses.inference import color_maps
from scans.tests.core.factories import complete, make_analysis

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SPRITE = settings.BASE_DIR / "static" / "vendor" / "bootstrap-icons" / "icons.svg"
CODE = [*TEMPLATES, *sorted((settings.BASE_DIR / "static" / "js").rglob("*.js"))]


def in_words(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


@pytest.mark.parametrize("path", TEMPLATES, ids=in_words)
def test_nothing_inline_is_in_a_template(path):
    """The content security policy would block it."""
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+=[\"']", text)
    assert not re.search(r"<style|javascript:|hx-on|hx-vals='js", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_the_icon_sheet_holds_exactly_the_icons_in_use():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', SPRITE.read_text()))
    text = "\n".join(path.read_text() for path in CODE)
    used = set(re.findall(r'icon\.html"\s+with\s+name="([^"]+)"', text))
    assert used == drawn


@pytest.mark.parametrize("name", color_maps())
def test_the_pages_color_maps_are_those_of_the_overlay(name):
    strip = cv2.imread(str(strip_path(name)), cv2.IMREAD_UNCHANGED)
    assert strip.shape == (1, 256, 3)
    assert np.array_equal(strip[0, :, ::-1], color_maps()[name])


def test_the_color_maps_can_be_drawn_again(capsys):
    before = {name: strip_path(name).read_bytes() for name in color_maps()}
    call_command("draw_color_maps")
    assert {name: strip_path(name).read_bytes() for name in color_maps()} == before


@pytest.mark.django_db
def test_an_unknown_address_is_a_page_in_the_same_look(doctor):
    response = doctor.get("/nothing/here/")
    assert response.status_code == 404
    assert b"There is no such page" in response.content
    assert b"ns-topbar" in response.content


@pytest.mark.parametrize("template", ["500.html", "413.html", "400.html", "403_csrf.html"])
def test_pages_for_bad_moments_need_no_context(template):
    assert "<h1>" in render_to_string(template)


@pytest.mark.django_db
def test_a_form_that_was_open_too_long_is_refused_in_words(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    response = client.post("/patients/new/", {})
    assert response.status_code == 403
    assert b"Please try again" in response.content


@pytest.mark.django_db
def test_the_icon_is_there_for_pages_that_name_none():
    response = Client().get("/favicon.ico")
    assert response["Location"].endswith("/img/favicon.svg")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "administration"),
    [("clinician", False), ("radiologist", False), ("administrator", False)],
)
def test_the_menu_offers_what_the_role_can_do(role, administration):
    client = Client()
    client.force_login(UserFactory(**{role: True}))
    text = client.get("/studies/").content.decode()
    assert (reverse("admin:index") in text) is administration
    assert reverse("upload") in text


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["original", "rendition", "thumbnail"])
def test_a_file_of_an_image_comes_from_its_page(doctor, user, kind):
    image = make_analysis(user=user).image
    response = doctor.get(reverse("image-file", args=[image.pk, kind]))
    assert response.status_code == 200
    assert b"".join(response.streaming_content)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["heatmap", "overlay"])
def test_a_file_of_an_analysis_is_there_once_it_is_done(doctor, user, kind):
    analysis = make_analysis(user=user)
    path = reverse("analysis-file", args=[analysis.pk, kind])
    assert doctor.get(path).status_code == 404
    complete(analysis)
    assert doctor.get(path)["Content-Type"] == "image/png"


@pytest.mark.django_db
def test_there_is_no_other_kind_of_file(doctor, user):
    image = make_analysis(user=user).image
    assert doctor.get(reverse("image-file", args=[image.pk, "heatmap"])).status_code == 404
