"""Forms of the account pages: allauth's, with our labels and `autocomplete` attributes."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from django import forms


class SignInForm(LoginForm):
    """allauth's form for signing in, with labels and messages of our own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = "Username or email address"
        login.error_messages["required"] = "Enter your username or your email address."
        # "email", as allauth has it, makes password managers offer addresses to people who sign
        # in with a username.
        login.widget.attrs |= {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].error_messages["required"] = "Enter your password."


class OwnPasswordForm(ChangePasswordForm):
    """allauth's form for changing the password, which takes another one than before."""

    def clean(self) -> dict[str, Any]:
        """Refuse the password that is there already: whoever knows it would still know it."""
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        new = facts.get("password1")
        if new and new == facts.get("oldpassword"):
            raise forms.ValidationError(
                {"password1": "This is your password already. Choose another one."}
            )
        return facts
