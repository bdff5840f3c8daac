"""The forms of a page as a browser reads them: where each is sent, and what with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_TYPED = {"text", "search", "email", "url", "tel", "number", "date", "datetime-local", "hidden"}
_FILLED_IN = {
    "email": "new.person@clinic.example",
    "number": "1",
    "date": "2020-01-01",
    "datetime-local": "2020-01-01T10:00",
}


@dataclass
class PageForm:
    """One form: `sent` is what a browser sends with nothing changed on it."""

    address: str
    sent: dict[str, str | list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # of what can be typed, by name
    choices: dict[str, str] = field(default_factory=dict)  # the first of each that is one
    buttons: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers_with_a_file: bool = False  # as it says

    def filled_in(self) -> dict[str, str | list[str]]:
        """What is sent once something stands in every field that was empty."""
        values = {name: _FILLED_IN.get(kind, "Fine") for name, kind in self.kinds.items()}
        values |= self.choices
        return values | {name: value for name, value in self.sent.items() if value}

    def ways(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Where it goes, and what a button adds."""
        yield from self.buttons or [(self.address, {})]


def forms_of(html: str, *, page: str) -> list[PageForm]:
    """Return the forms that post."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[PageForm] = []
        self.by_id: dict[str, PageForm] = {}
        self.inside: PageForm | None = None
        self.select: tuple[PageForm, str, bool] | None = None
        self.textarea: tuple[PageForm, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form(facts)
        elif tag == "option" and self.select:
            form, name, several = self.select
            value = facts.get("value", "")
            if value and name not in form.choices:
                form.choices[name] = value
            if "selected" in facts or (not several and name not in form.sent):
                form.sent[name] = value
        elif form := self.by_id.get(facts.get("form", "")) or self.inside:
            name = facts.get("name", "")
            if tag == "button" and facts.get("type", "submit") == "submit":
                address = urljoin(form.address, facts.get("formaction", ""))
                form.buttons.append((address, {name: facts.get("value", "")} if name else {}))
            elif not name or "disabled" in facts:
                return
            elif tag == "input":
                self._input(form, name, facts)
            elif tag == "select":
                self.select = (form, name, "multiple" in facts)
            elif tag == "textarea":
                self.textarea = (form, name)
                form.kinds[name] = "text"
                form.sent[name] = ""

    def handle_data(self, data: str) -> None:
        if self.textarea:
            form, name = self.textarea
            form.sent[name] = str(form.sent[name]) + data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            self.textarea = None

    def _form(self, facts: dict[str, str]) -> None:
        address = facts.get("hx-post") or facts.get("action", "")
        says = "data-answers-with-a-file" in facts
        form = PageForm(urljoin(self.page, address), answers_with_a_file=says)
        self.inside = form
        if "hx-post" in facts or facts.get("method", "").lower() == "post":
            self.forms.append(form)
            if "id" in facts:
                self.by_id[facts["id"]] = form

    def _input(self, form: PageForm, name: str, facts: dict[str, str]) -> None:
        kind = facts.get("type", "text")
        value = facts.get("value", "")
        if kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, value or "on")
            if "checked" in facts:
                form.sent[name] = value or "on"
        elif kind in _TYPED | {"password"}:
            form.sent[name] = value
            form.kinds[name] = kind
