"""What a person alone says and signs, in a session of their own: an API token does neither."""

from rest_framework.request import Request

from accounts.policy import NotAllowedError

_IN_PERSON = (
    "An API token signs nothing: a program holds it, and a signature is a person's. Sign in with "
    "the password and sign within that session, or on the page."
)


def refuse_token_for_person(request: Request, *, did: str = "seen nothing") -> None:
    """Raise `NotAllowedError` where a token would say what a person saw or did."""
    if request.auth is not None:
        raise NotAllowedError(
            f"An API token has {did}: a program holds it, and this is a person's to say. Sign in "
            "with the password and do it within that session, or on the page."
        )


def refuse_token(request: Request) -> None:
    """Raise `NotAllowedError` unless a person has signed in for this request themselves."""
    if request.auth is not None:
        raise NotAllowedError(_IN_PERSON)
