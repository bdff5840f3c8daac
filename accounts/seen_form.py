"""A form that sends the values it showed, so that two people do not undo each other's work."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.seen_values import is_any_of

LONGEST_VALUE = 80


class SeenForm(forms.BaseForm):
    """Mixed into the form of a row that others change too. The service compares and refuses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = getattr(self, "instance", None)
        if row is not None and row._state.adding:
            return  # nobody has seen what is not there yet
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def changes(self) -> dict[str, Any]:
        """The values that differ from those the page showed when it was opened."""
        return {
            name: self.cleaned_data[name]
            for name, field in self.fields.items()
            if name in self.cleaned_data and not field.disabled and self._is_changed(name)
        }

    @property
    def seen(self) -> dict[str, Any]:
        """The values that the page showed in the fields that were changed."""
        return {name: self._shown(name) for name in self.changes if self._says_what_it_showed(name)}

    def refuse(self, error: Exception, *, now: Any) -> None:
        """Show why it is not saved: where somebody else was faster, with the value there is now.

        `error` is a `ValidationError`, or another refusal whose text is for the person. `now` is
        the row as it is stored, or None where there is none yet. What it holds counts as seen from
        here on, so saving again is a decision.
        """
        if not isinstance(error, ValidationError):
            error = ValidationError(str(error))
        reasons: dict[str, Any] = error.update_error_dict({})
        if now is not None:
            reasons |= self._overtaken(now)
        for name, found in reasons.items():
            self.add_error(name if name in self.fields else None, self.words_of(name, found))

    def words_of(self, name: str, found: list[Any]) -> list[Any]:
        """Return the errors of a field in this form's words."""
        return found

    def _overtaken(self, now: Any) -> dict[str, Any]:
        changes, seen = self.changes, self.seen
        reasons, shown_now = {}, {}
        for name, value in seen.items():
            current = getattr(now, name)
            if is_any_of(current, value, changes[name]):
                continue
            shown_now[self[name].html_initial_name] = "" if current is None else str(current)
            reasons[name] = [
                ValidationError(
                    f"Somebody else has changed this to “{self._in_words(name, current)}” "
                    "meanwhile. Save again to replace it with what you typed."
                )
            ]
        self.data = dict(self.data.items()) | shown_now
        return reasons

    def _in_words(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        choices = getattr(self.fields[name], "choices", None)
        text = str(dict(choices).get(value, value) if choices and value else value or "nothing")
        return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"

    def _is_changed(self, name: str) -> bool:
        if self._says_what_it_showed(name):
            return name in self.changed_data
        # Without what it showed (a client of its own making) every field that is sent counts.
        widget, sent_as = self.fields[name].widget, self.add_prefix(name)
        return not widget.value_omitted_from_data(self.data, self.files, sent_as)

    def _says_what_it_showed(self, name: str) -> bool:
        return self[name].html_initial_name in self.data

    def _shown(self, name: str) -> Any:
        sent = self.data[self[name].html_initial_name]
        try:
            return self.fields[name].to_python(sent)
        except ValidationError:
            return sent  # not what any page of ours sends, and no value that is in a row
