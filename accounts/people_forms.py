"""Forms of the pages of a clinic's people. `accounts.people` checks again, and writes."""

from typing import Any

from django import forms

from accounts.models import Role, User
from accounts.seen_form import SeenForm

NAMES = ("first_name", "last_name", "email", "username", "role")
# Django's sentences for these say what is wrong and not what to do.
_TAKEN = {
    ("username", "unique"): "This username cannot be used here. Choose another one.",
    ("email", "unique"): "This email address cannot be used here. Give each person their own.",
}


class PersonForm(SeenForm, forms.ModelForm):
    """Who a person is, and what they may do."""

    role = forms.ChoiceField(
        choices=[("", "Choose a role"), *Role.choices],
        error_messages={"required": "Choose what this person does in the clinic."},
    )

    class Meta:
        model = User
        fields = NAMES
        labels = {"first_name": "First name", "last_name": "Last name", "email": "Email address"}

    def __init__(self, *args: Any, own: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = "Letters, digits and @ . + - _"
        for name in NAMES:
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if own:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = "Another administrator can change your role."

    def _post_clean(self) -> None:
        """Leave the rest to the service, which knows the row as it is stored."""

    def words_of(self, name: str, found: list[Any]) -> list[Any]:
        """Return what the service says in words that say what to do."""
        return [_TAKEN.get((name, one.code), one) for one in found]


class InvitationForm(PersonForm):
    """A person who gets an account. Without a username, the email address is one."""

    def __init__(self, *args: Any, needs_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = needs_address
        self.fields["email"].error_messages["required"] = (
            "Enter an email address: the link is sent to it."
        )
        self.fields["username"].required = False
        self.fields["username"].help_text = "Without one they sign in with the email address."

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        facts = super().clean() or self.cleaned_data
        if not facts.get("username") and not facts.get("email") and "email" not in self.errors:
            self.add_error("username", "Enter a username or an email address.")
        return facts
