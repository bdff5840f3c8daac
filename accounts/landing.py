"""Where each role begins: its own work first."""

from accounts.models import Role, User

_PAGES: dict[str, str] = {
    Role.RADIOLOGIST.value: "worklist",
    Role.CLINICIAN.value: "home",
    Role.ADMINISTRATOR.value: "clinic-overview",
}


def landing_page(user: User) -> str:
    """Return the name of the page on which this person begins."""
    return _PAGES.get(user.role, "home")
