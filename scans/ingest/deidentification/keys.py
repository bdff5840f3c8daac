"""What is made of a clinic's secret: pseudonyms, UIDs, days and hashes, the same each time."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

_LONGEST_SHIFT: Final = 365  # days


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """The secret of one clinic, at least 16 bytes. Nothing here can be undone without it.

    Each answer is from HMAC-SHA256 of a word for its purpose and the value.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise ValueError("The secret is too short.")

    def hashed(self, value: str, *, purpose: str) -> str:
        """64 hexadecimal digits."""
        return self._digest(purpose, value).hex()

    def uid(self, uid: str) -> str:
        """A UID in place of this one: of a UUID's number, as PS3.5 B.2 has it."""
        number = bytearray(self._digest("uid", uid)[:16])
        number[6] = (number[6] & 0x0F) | 0x80  # version 8, RFC 9562
        number[8] = (number[8] & 0x3F) | 0x80
        return f"2.25.{int.from_bytes(number, 'big')}"

    def pseudonym(self, patient: str) -> str:
        """A patient ID in place of this one: 13 letters and digits after "P-"."""
        return f"P-{base64.b32encode(self._digest('patient', patient))[:13].decode('ascii')}"

    def days(self, patient: str) -> int:
        """By how many days the dates of a patient go back: 1 to 365."""
        digest = self._digest("days", patient)
        return 1 + int.from_bytes(digest[:8], "big") % _LONGEST_SHIFT

    def _digest(self, purpose: str, value: str) -> bytes:
        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, message, hashlib.sha256).digest()
