"""What the statistics are filtered by: on their page, in its CSV files and over the API."""

from collections.abc import Mapping
from typing import Any, Self

from django import forms

from accounts.readable_requests import MAX_TEXT
from scans.models import ModelRelease

_NO_RELEASE = "There is no such model release."


class StatisticsFilterForm(forms.Form):
    """A model release, the media type of the files, and the month in which verdicts were signed.

    A page ignores a wrong value, since people edit addresses by hand and keep old ones; the API
    refuses it with the sentence of `errors`.
    """

    release = forms.UUIDField(required=False, error_messages={"invalid": _NO_RELEASE})
    source = forms.CharField(required=False)
    month = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$",
        required=False,
        error_messages={"invalid": "Write the month as year-month, like 2026-11."},
    )

    def clean_release(self) -> ModelRelease | None:
        """Return the release of this id."""
        pk = self.cleaned_data["release"]
        release = ModelRelease.objects.defer("manifest").filter(pk=pk).first() if pk else None
        if pk and release is None:
            raise forms.ValidationError(_NO_RELEASE)
        return release

    @classmethod
    def from_page(cls, query: Mapping[str, Any]) -> Self:
        """Return the form for an address or a button; an overlong text is left out."""
        texts = {name: str(query.get(name, "")) for name in cls.base_fields}
        return cls({name: text for name, text in texts.items() if len(text) <= MAX_TEXT})

    @property
    def values(self) -> dict[str, Any]:
        """The values that are valid, as `clinic_statistics` takes them."""
        self.is_valid()
        valid = self.cleaned_data
        return {
            "release": valid.get("release"),
            "source": valid.get("source", ""),
            "month": valid.get("month", ""),
        }
