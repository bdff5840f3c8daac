"""Errors that several services raise; their text is for the user."""


class StateConflictError(Exception):
    """The row is not in a state that allows this; `str()` is a sentence for the user."""


class BeingPreparedError(StateConflictError):
    """The pixels of an image are still to be decoded: it can be asked for again in a moment."""
