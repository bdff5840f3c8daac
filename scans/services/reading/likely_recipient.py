"""Who probably waits for the news of a study: whom its form of a critical finding begins with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from scans.models import Study


@dataclass(frozen=True)
class LikelyRecipient:
    """A person, and why it is probably this one."""

    person: User
    why: str  # a sentence


def likely_recipient(study: Study, people: Iterable[User]) -> LikelyRecipient | None:
    """Return who of these referred the patient, by the name, else who uploaded the study.

    Only somebody who can sign in. None where nobody of these uploaded the study, and nobody, or
    more than one, has the name of who referred.
    """
    reachable = [person for person in people if person.has_usable_password()]
    referred = _words(study.referring_physician)
    named = [person for person in reachable if _has_name(person, referred)]
    if len(named) == 1:
        return LikelyRecipient(named[0], "the account with the name of the referring physician.")
    uploader = next((one for one in reachable if one.pk == study.received_by_id), None)
    if uploader is None:
        return None
    if not referred:
        return LikelyRecipient(
            uploader, "the study states no referring physician; they uploaded it."
        )
    has = "more than one account" if named else "no account"
    return LikelyRecipient(
        uploader, f"they uploaded the study; {has} has the name of the referring physician."
    )


def _has_name(person: User, words: set[str]) -> bool:
    first, last = _words(person.first_name), _words(person.last_name)
    return bool(first and last) and first | last <= words


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold()))
