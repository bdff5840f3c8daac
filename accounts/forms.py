"""Forms of the account pages: allauth's, with our labels and `autocomplete` attributes."""

from typing import Any

from allauth.account.forms import LoginForm


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
