"""What only a radiologist can act on is told to radiologists alone, whatever page is opened."""

import html
import re
from collections.abc import Iterator

import pytest

from accounts.models import Clinic, User
from accounts.tests.factories import UserFactory
from scans.models import Image
from scans.services.reading.verdict_drafts import VerdictInput
from scans.services.reading.verdicts import begin_amendment
from scans.services.reports.drafting import discard_report
from scans.services.reports.verdict_signing import sign_verdict
from scans.tests.core.factories import abstain, complete, make_signed_report, make_study
from scans.tests.core.isolation_table import (
    EVERYWHERE,
    WRITE,
    World,
    address,
    signed_in,
    text_of,
)

# What is told to readers. Each stands on some page of theirs, or the search proves nothing.
ACTS = (
    *("ommit your own finding", "Commit my finding", "until you commit a finding"),
    *("Sign as final", "Sign and open next", "Amend my verdict", "Read the next study"),
    *("Next study", "Read it yourself"),
    *("Amend the report", "rite the report", "Write an amendment", "Start the report"),
    "Those of the verdict are the same for everybody",
)
PAGES = [
    name
    for name, url in EVERYWHERE.items()
    if not name.startswith(("api:", "account", "usersessions")) and url.why_not != WRITE
]

pytestmark = pytest.mark.long


@pytest.fixture
def reader(db) -> User:
    return UserFactory(radiologist=True)


def world_of(reader: User) -> World:
    """A study of two images: a result, and no opinion."""
    study = make_study(user=reader, images=2)
    first, second = Image.objects.filter(series__study=study).order_by("number")
    complete(first.analyses.get(), probability=0.9)
    analysis = abstain(second.analyses.get())
    return World(reader, [], study.patient, study, first, analysis, "x" * 15, [])


@pytest.fixture
def unread(reader) -> World:
    return world_of(reader)


@pytest.fixture
def withheld(reader) -> World:
    """Read first, and nobody has committed a finding."""
    world = world_of(reader)
    Clinic.objects.filter(pk=reader.clinic_id).update(read_first=True)
    return world


@pytest.fixture
def amended(reader) -> World:
    """Its verdict was amended after the report, and the report's amendment thrown away."""
    world = world_of(reader)
    sign_verdict(user=reader, study=world.study, verdict_input=VerdictInput(finding="tumor"))
    world.report = make_signed_report(study=world.study, author=reader)
    begin_amendment(user=reader, study=world.study)
    changed = VerdictInput(finding="unsure", amendment_reason="Seen again.")
    sign_verdict(user=reader, study=world.study, verdict_input=changed)
    discard_report(user=reader, report=world.study.reports.get(status="preliminary"))
    return world


def told(world: World, person: User) -> Iterator[tuple[str, str]]:
    """Each page, and each act that it tells this person."""
    client = signed_in(person)
    for name in PAGES:
        response = client.get(address(name, world))
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        text = re.sub(r"\s+", " ", html.unescape(text_of(response)))
        yield from ((name, act) for act in ACTS if act in text)


@pytest.fixture(params=["unread", "withheld", "amended"])
def world(request) -> World:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("role", ["clinician", "administrator"])
def test_others_are_not_told_what_only_a_radiologist_can_do(world, role):
    person = UserFactory(clinic=world.owner.clinic, **{role: True})
    assert list(told(world, person)) == []


def test_radiologists_are_told_each_of_it_somewhere(unread, amended, reader):
    found = {act for world in (unread, amended) for _, act in told(world, reader)}
    Clinic.objects.filter(pk=reader.clinic_id).update(read_first=True)
    found |= {act for _, act in told(unread, reader)}
    assert found == set(ACTS)
