"""A compressed frame that declares more pixels than its header is refused before it is decoded."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydicom import uid
from pydicom.encaps import encapsulate

from ml.imaging.formats.contract import Refusal
from ml.imaging.formats.dicom import codestreams, pixels, samples
from ml.imaging.formats.dicom.tests.drawing import mr_slice, read, written


@pytest.mark.parametrize("syntax", samples.SAMPLES)
def test_the_size_of_each_kind_of_codestream_is_seen(syntax: str) -> None:
    found = codestreams.size_of(base64.b64decode(samples.SAMPLES[syntax]))
    assert found == (samples.SIDE, samples.SIDE)


@pytest.mark.parametrize("syntax", ["JPEG2000", "JPEGLSLossless", "JPEGLosslessSV1"])
def test_a_frame_of_more_pixels_than_the_header_says_reaches_no_decoder(
    syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mr_slice(Rows=30, Columns=30)
    made.file_meta.TransferSyntaxUID = getattr(uid, syntax)
    made.PixelData = encapsulate([base64.b64decode(samples.SAMPLES[syntax])])
    made["PixelData"].VR = "OB"

    decoded: list[Any] = []
    monkeypatch.setattr(pixels, "pixel_array", lambda *_, **__: decoded.append(1))
    with pytest.raises(Refusal) as refused:
        read(written(made))
    assert refused.value.code == "undecodable"
    assert not decoded


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8" + b"\xff" * 50, b"words" * 20])
def test_other_bytes_have_no_size(content: bytes) -> None:
    assert codestreams.size_of(content) is None
