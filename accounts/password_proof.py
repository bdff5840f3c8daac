"""Whether a password is known to its owner alone: only then does it sign.

An administrator could have opened a link that was shown to them, or one that went to an address
that they entered. A password that was set so is provisional until the person, signed in, changes
it. What an administrator does to an account is told to its former address and to the person.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from accounts.outbox import write_mail

TOLD_FOR = timedelta(days=14)
PROVISIONAL = (
    "Choose a password of your own before you sign: somebody else could know the one that you "
    "have. Change it on the page of your account."
)
_ADDRESS_CHANGED = """{user} has changed the email address of your NeuroScan account {username}.

Mail about the account goes to the new address from now on.
If you know nothing of it, tell your clinic at once."""
_CHANGED_SINCE = """The password of your NeuroScan account {username} was changed, after its email \
address was.

If that was not you, tell your clinic at once."""


def refuse_provisional_password(user: User) -> None:
    """Raise `ValidationError` where somebody else could know the password: it signs nothing."""
    if User.objects.filter(pk=user.pk, password_is_provisional=True).exists():
        raise ValidationError({"password": PROVISIONAL})


def invalidate_password(person: User, *, by: User, is_shown: bool) -> None:
    """Let no password open the account, and no link that was made before; note who makes one.

    What is set by a link that its maker could have opened is provisional.
    """
    person.set_unusable_password()  # with random letters, which every link seals
    person.password_link_by, person.password_link_at = by, timezone.now()
    person.password_link_was_shown = is_shown
    person.password_is_provisional = is_shown or is_address_unproven(person)
    fields = ["password_link_by", "password_link_at", "password_link_was_shown"]
    person.save(update_fields=["password", "password_is_provisional", *fields])


def is_address_unproven(person: User) -> bool:
    """Return whether somebody else entered the address of an account that was in use."""
    return person.address_changed_at is not None


def note_address_change(person: User, *, before: User, user: User) -> list[str]:
    """Note that `user` changed the address, and tell the one before; return the fields to save."""
    text = _ADDRESS_CHANGED.format(user=user, username=before.username)
    if before.email:
        write_mail(address=before.email, subject="your email address was changed", text=text)
    is_used = before.has_usable_password() or before.last_login is not None
    if user.pk == person.pk or not is_used:
        return []
    if not is_address_unproven(before):
        person.former_email = before.email
    person.address_changed_by, person.address_changed_at = user, timezone.now()
    return ["former_email", "address_changed_by", "address_changed_at"]


def tell_former_address(person: User, text: str) -> None:
    """Mail the address that the person had before an administrator changed it, if there was one."""
    if is_address_unproven(person) and person.former_email:
        write_mail(address=person.former_email, subject="your account", text=text)


def note_reset(person: User) -> None:
    """Note that the password was set by a link: a link that was shown has made it provisional."""
    if is_address_unproven(person) and not person.password_is_provisional:
        person.password_is_provisional = True
        person.save(update_fields=["password_is_provisional"])


def note_own_change(person: User) -> None:
    """Note that the person, signed in, changed the password: from now on it is theirs alone."""
    tell_former_address(person, _CHANGED_SINCE.format(username=person.username))
    person.password_is_provisional = False
    note_own_address(person, also=["password_is_provisional"])


def note_own_address(person: User, *, also: list[str] | None = None) -> None:
    """Note that the person, signed in, has shown that address and account are theirs."""
    person.address_changed_by = person.address_changed_at = None
    person.former_email = ""
    fields = ["address_changed_by", "address_changed_at", "former_email"]
    person.save(update_fields=[*fields, *(also or [])])


def news_of_account(person: User) -> list[str]:
    """Return what the person is told at sign-in of what somebody else did to their account."""
    since = timezone.now() - TOLD_FOR
    news = []
    if person.password_link_at is not None and person.password_link_at > since:
        news.append(link_sentence(person))
    if person.address_changed_at is not None:
        news.append(
            f"{person.address_changed_by} changed the email address of your account to "
            f"{person.email or 'none'} on {_moment(person.address_changed_at)}."
        )
    return [f"{one} If you know nothing of it, tell your clinic at once." for one in news]


def link_sentence(person: User) -> str:
    """Return who made the last link to set this password, when, and which way it went."""
    if person.password_link_at is None:
        return ""
    way = "shown to them" if person.password_link_was_shown else "mailed"
    return (
        f"{person.password_link_by} made the last link to set your password on "
        f"{_moment(person.password_link_at)}; it was {way}."
    )


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y, H:i T")
