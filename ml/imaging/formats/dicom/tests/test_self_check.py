"""What this machine can decode, tried on a slice that we drew."""

from __future__ import annotations

import pytest
from pydicom import uid
from pydicom.pixels import get_decoder

from ml.imaging.formats.dicom import samples, self_check, syntaxes


@pytest.fixture(autouse=True)
def _fresh() -> None:
    self_check.unreadable.cache_clear()


def test_every_transfer_syntax_is_decoded_here() -> None:
    assert self_check.unreadable() == {}


def test_nothing_is_written_to_the_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    """At the start of each program, and of each command."""
    self_check.unreadable()
    assert capfd.readouterr().err == ""


def test_a_sample_is_tried_of_every_syntax_that_has_pixels_encoded() -> None:
    encoded = {syntax for syntax in syntaxes.NAMES if uid.UID(syntax).is_compressed}
    encoded -= {uid.DeflatedExplicitVRLittleEndian}
    assert {getattr(uid, keyword) for keyword in samples.SAMPLES} | {uid.RLELossless} == encoded


def test_a_syntax_without_its_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_decoder(uid.HTJ2K), "_available", {})
    found = self_check.unreadable()
    assert list(found) == [uid.HTJ2K]
    assert found[uid.HTJ2K].startswith("HTJ2K: ")


def test_a_decoder_that_decodes_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(samples.SAMPLES, "JPEGLossless", samples.SAMPLES["JPEG2000"])
    monkeypatch.setattr(self_check, "_LARGEST_ERROR", 1)
    assert uid.JPEG2000 in self_check.unreadable()
