"""Whether the bytes of a file are whole: what decoders take in silence is found here.

Decoders were made to show what is left of a damaged picture. Each module checks one format and
raises `DamagedError`; what a format cannot tell is said in docs/damaged-files.md, with its share.
"""


class DamagedError(ValueError):
    """The file is cut, or its bytes are not those that were written."""
