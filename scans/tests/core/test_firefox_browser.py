"""Every page and the viewer once in Firefox: they open, and no script of ours fails there.

Which pages there are is asked of `isolation_table`, role by role; a page that an earlier role has
opened is not opened again.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts import outbox
from accounts.models import User
from accounts.tests.factories import UserFactory
from scans.models import Analysis, Image, LabelList, Report, ReportTemplate, Study
from scans.services.reading.critical_findings import send_critical_finding
from scans.services.reading.hanging_protocols import save_hanging_protocol
from scans.services.reports.drafting import start_report
from scans.tests.core.factories import (
    complete,
    make_signed_report,
    make_study,
    make_verdict,
    suspect,
)
from scans.tests.core.firefox import Firefox, running_firefox
from scans.tests.core.isolation_table import EVERYWHERE, WRITE, World, address, text_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.firefox,
    pytest.mark.django_db(transaction=True),
]
READY = ".vw-viewport[data-state=ready][data-shown]"
# Whatever the table says, these are opened.
OF_RADIOLOGISTS = {
    *("worklist", "home", "patients", "patient", "patient-new", "patient-edit", "patient-archive"),
    *("patient-merge", "upload", "study", "viewer", "study-correct", "study-move", "series-order"),
    *("critical-findings", "study-report", "report", "report-edit", "reports", "report-verify"),
    *("report-verify-form", "statistics", "notifications", "notification-settings"),
    *("hanging-protocols", "account-home", "account-tokens", "model-release", "api:docs"),
}
OF_ADMINISTRATORS = {
    *("clinic-overview", "clinic-settings", "clinic-people", "clinic-person-invite"),
    *("clinic-person", "clinic-audit-trail", "report-templates", "report-template"),
    "annotation-labels",
}
OF_NOBODY = {"account_login", "account_reset_password", "account_signup", "critical-finding"}


@pytest.fixture
def worlds(user) -> list[World]:
    """A study that is being read and written about, and one that is signed."""
    study, signed = make_study(user=user, images=3), make_study(user=user)
    for analysis in Analysis.objects.all():
        complete(analysis, regions=[suspect()])
    template = ReportTemplate.objects.create(clinic=user.clinic, name="Ours")
    LabelList.objects.create(clinic=user.clinic, names=["Meningioma"])
    protocol = save_hanging_protocol(user=user, name="Two", layout="one", counts={})
    verdict = make_verdict(study=signed, reader=user)
    world = world_of(user, study, start_report(user=user, study=study))
    world = replace(world, template=template, protocol=protocol)
    report = make_signed_report(study=signed, author=user)
    return [world, replace(world_of(user, signed, report), verdict=verdict)]


def world_of(user: User, study: Study, report: Report) -> World:
    image = Image.objects.filter(series__study=study).order_by("number")[0]
    return World(
        *(user, [], study.patient, study, image, image.analyses.get(), "x" * 15, []), report=report
    )


def pages_of(client: Client, worlds: Iterable[World]) -> dict[str, str]:
    """The whole pages that this person gets, by the names of their addresses."""
    found: dict[str, str] = {}
    for name, url in EVERYWHERE.items():
        if url.why_not == WRITE or (name.startswith("api:") and name != "api:docs"):
            continue
        for path in (address(name, world) for world in worlds if name not in found):
            response = client.get(path)
            is_page = response.headers.get("Content-Type", "").startswith("text/html")
            if response.status_code == 200 and is_page and "<html" in text_of(response):
                found[name] = path
    return found


def link_of_a_finding(user: User, study: Study) -> str:
    """The page of the link that somebody without an account gets."""
    send_critical_finding(
        user=user, study=study, text="A bleed.", name="Dr. Page", address="page@clinic.example"
    )
    outbox.send_waiting()
    return re.search(r"https?://[^/\s]+(/critical/\S+)", mail.outbox[-1].body)[1]


def become(firefox: Firefox, site: str, client: Client) -> None:
    firefox.open(f"{site}/healthz")
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    firefox.forget_cookies()
    if cookie:
        firefox.add_cookie(cookie.key, cookie.value)


def open_all(firefox: Firefox, site: str, paths: Iterable[str]) -> None:
    for path in paths:
        firefox.open(site + path)
        assert firefox.run("return location.pathname") == path
        assert firefox.run("return !!document.querySelector('main')"), path
        too_wide = "return document.documentElement.scrollWidth > innerWidth"
        assert not firefox.run(too_wide), path


def test_every_page_and_the_viewer_open(live_server, user, worlds, tmp_path):
    site = live_server.url
    radiologist, administrator, nobody = Client(), Client(), Client()
    radiologist.force_login(user)
    administrator.force_login(UserFactory(administrator=True, clinic=user.clinic))
    link = link_of_a_finding(user, worlds[0].study)
    theirs = pages_of(radiologist, worlds)
    of_administrators = pages_of(administrator, worlds)
    of_nobody = pages_of(nobody, worlds) | {"critical-finding": link}
    assert theirs.keys() >= OF_RADIOLOGISTS
    assert worlds[1].report.code in theirs["report-verify"]
    assert of_administrators.keys() >= OF_ADMINISTRATORS
    assert of_nobody.keys() >= OF_NOBODY
    study = worlds[0].study
    with running_firefox(tmp_path) as firefox:
        become(firefox, site, radiologist)
        open_all(firefox, site, theirs.values())
        only = {name: path for name, path in of_administrators.items() if name not in theirs}

        # The heatmap is painted by a script, and a thumbnail swaps the large image.
        firefox.open(site + study.get_absolute_url())
        firefox.run("document.querySelector('[data-viewer]').scrollIntoView()")
        firefox.wait_for("return !!document.querySelector('[data-drawn]')")
        firefox.run("document.querySelector('[data-heatmap-on]').click()")
        firefox.wait_for("return !!document.querySelector('[data-drawn^=\"50\"]')")
        firefox.run("document.querySelectorAll('.ns-strip-image')[1].click()")
        firefox.wait_for(
            "return /Image 2/.test(document.querySelector('.ns-image-head').innerText)"
        )

        firefox.open(site + theirs["viewer"])
        firefox.wait_for(f"return !!document.querySelector('{READY}')")
        # The report's editor has the viewer in a frame.
        firefox.open(site + theirs["report-edit"])
        firefox.wait_for(
            "const { contentDocument } = document.querySelector('iframe') ?? {};"
            f"return !!contentDocument?.querySelector('{READY}')"
        )

        become(firefox, site, administrator)
        open_all(firefox, site, only.values())
        become(firefox, site, nobody)
        open_all(firefox, site, of_nobody.values())
        assert firefox.complaints(site) == []
