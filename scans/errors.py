"""Errors that several services raise, whose text is a sentence for the person."""


class StateConflictError(Exception):
    """The analysis is not in a state that allows this; `str()` is a sentence for the person."""
