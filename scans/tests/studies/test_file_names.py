"""Names of files in other encodings come out right, or with the bytes that are not understood."""

import io
import struct
import zipfile
import zlib
from datetime import date

import pytest

from scans import ingest
from scans.models import Image
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, ReleaseFactory
from scans.tests.core.fixtures import asking_as
from scans.tests.studies.test_drawn_files import LIMITS


def zip_with_raw_name(raw: bytes, *, extra: bytes = b"") -> bytes:
    """An archive of one file whose name is these bytes, without the flag of UTF-8."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        member = zipfile.ZipInfo("n" * len(raw))
        member.extra = extra
        archive.writestr(member, pictures.png())
    return buffer.getvalue().replace(b"n" * len(raw), raw)


def shown(content: bytes) -> str:
    (offer,) = ingest.unpack("a.zip", io.BytesIO(content), len(content), LIMITS)
    assert isinstance(offer.content, bytes)
    return offer.filename.removeprefix("a.zip/")


@pytest.mark.parametrize(
    ("name", "code_page", "expected"),
    [
        ("Schädel/Übersicht.png", "utf-8", "Schädel/Übersicht.png"),  # the Finder sets no flag
        ("脳/断面.png", "utf-8", "脳/断面.png"),
        ("Schädel\\Übersicht.png", "cp850", "Schädel/Übersicht.png"),
        ("crâne opéré.png", "cp437", "crâne opéré.png"),
        ("tête.png", "cp437", "t%88te.png"),  # the byte is another letter in Warsaw
        ("axial 01.png", "cp437", "axial 01.png"),
        ("голова.png", "cp866", "%A3%AE%AB%AE%A2%A0.png"),
        ("テスト.png", "cp932", "%83e%83X%83g.png"),
        ("脳MRI.png", "cp932", "%94]MRI.png"),
        ("頭部.png", "gbk", "%EE^%B2%BF.png"),
        ("Schädel.png", "cp1252", "Sch%E4del.png"),
    ],
)
def test_the_name_of_an_entry_is_right_or_shows_its_bytes(name, code_page, expected):
    assert shown(zip_with_raw_name(name.encode(code_page))) == expected


def test_a_name_that_the_archive_states_in_unicode_goes_first():
    raw, name = "голова.png".encode("cp866"), "голова.png"
    field = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode()
    extra = struct.pack("<HH", 0x7075, len(field)) + field

    assert shown(zip_with_raw_name(raw, extra=extra)) == name
    assert shown(zip_with_raw_name(b"other.png", extra=extra)) == "other.png"  # of another name


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ({"[Content_Types].xml": b"", "word/document.xml": b""}, "This is a Word document."),
        ({"[Content_Types].xml": b"", "xl/workbook.xml": b""}, "This is an Excel workbook."),
        ({"mimetype": b"", "META-INF/manifest.xml": b""}, "This is an OpenDocument file."),
    ],
)
def test_a_document_that_is_a_zip_underneath_is_refused_by_its_name(inside, words):
    content = pictures.zip_of({**inside, "word/media/image1.png": pictures.png()})
    (offer,) = ingest.unpack("a.docx", io.BytesIO(content), len(content), LIMITS)
    assert isinstance(offer.content, ingest.Refusal)
    assert offer.content.code == "unsupported_format"
    assert offer.content.detail.startswith(words)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Schädel.png".encode(), "Schädel.png"),
        ("Schädel.png".encode("latin-1"), "Schädel.png"),
        (b"Sch\x84del.png", "Sch%84del.png"),
    ],
)
@pytest.mark.parametrize("way", ["api", "page"])
def test_a_file_name_in_latin_1_arrives_as_one_in_utf_8_does(user, doctor, header, expected, way):
    ReleaseFactory()
    patient = PatientFactory(created_by=user)
    day = str(date(2024, 3, 1))
    fields = {"patient": str(patient.pk), "study_date": day}
    body = b"".join(
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    field = b"files" if way == "api" else b"file"
    body += b'--X\r\nContent-Disposition: form-data; name="' + field
    body += b'"; filename="' + header + b'"\r\n\r\n' + pictures.png() + b"\r\n--X--\r\n"
    client, url = (
        (asking_as(user), "/api/v1/studies/") if way == "api" else (doctor, "/upload/file/")
    )

    response = client.generic("POST", url, body, content_type="multipart/form-data; boundary=X")

    assert response.status_code in (200, 201), response.content
    assert Image.objects.get().instance.filename == expected
