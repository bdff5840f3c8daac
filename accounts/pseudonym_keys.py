"""The secret of which a clinic's pseudonyms are made.

It is derived from the key of the installation (`SECRET_KEY`) and a random salt of the clinic, so
that neither a copy of the database nor the key alone is enough, and no two clinics share one. It is
never shown, and it does not change: with another key the same patient would be another.
"""

import secrets

from django.utils.crypto import salted_hmac

from accounts.models import Clinic

_PURPOSE = "accounts.pseudonym_keys"
_SALT_BYTES = 32


def pseudonym_secret(clinic: Clinic) -> bytes:
    """32 bytes, the same each time. The salt is made at the first call for a clinic."""
    salt = clinic.pseudonym_salt
    if salt is None:
        new = secrets.token_bytes(_SALT_BYTES)
        Clinic.objects.filter(pk=clinic.pk, pseudonym_salt=None).update(pseudonym_salt=new)
        # Another process may have been first: what is stored counts.
        salt = Clinic.objects.values_list("pseudonym_salt", flat=True).get(pk=clinic.pk)
        clinic.pseudonym_salt = salt
    assert salt is not None
    return salted_hmac(
        f"{_PURPOSE}:{bytes(salt).hex()}", str(clinic.pk), algorithm="sha256"
    ).digest()
