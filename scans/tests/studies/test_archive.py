import io
import struct
import tracemalloc
import zipfile

import pytest

from scans import ingest
from scans.ingest import Refusal
from scans.tests.core import pictures
from scans.tests.studies.test_drawn_files import LIMITS

ZIP_START = b"PK\x03\x04 words before the archive"


def offered(content: bytes, name: str = "study.zip") -> dict[str, str]:
    """What becomes of each file: its refusal code, or `taken`."""
    return {
        offer.filename: offer.content.code if isinstance(offer.content, Refusal) else "taken"
        for offer in ingest.unpack(name, io.BytesIO(content), len(content), LIMITS)
    }


def test_the_files_of_an_archive_are_offered_one_by_one_without_its_litter():
    content = pictures.zip_of(
        {
            "a/one.png": pictures.png(1),
            "a/two.jpg": pictures.jpeg(2),
            "__MACOSX/a/._one.png": b"x",
            ".DS_Store": b"x",
            "empty/": b"",
        }
    )
    assert offered(content) == {"study.zip/a/one.png": "taken", "study.zip/a/two.jpg": "taken"}


@pytest.mark.parametrize("name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "C:\\x.png"])
def test_a_path_trick_is_refused_and_the_others_are_taken(name):
    found = offered(pictures.zip_of({name: pictures.png(1), "fine.png": pictures.png(2)}))
    assert sorted(found.values()) == ["taken", "zip_unsafe_path"]


def test_a_symbolic_link_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert offered(buffer.getvalue()) == {"study.zip/link.png": "zip_unsafe_path"}


def test_an_encrypted_file_is_refused():
    content = bytearray(pictures.zip_of({"secret.png": pictures.png()}))
    central = content.index(b"PK\x01\x02")
    content[6] |= 1  # the flag in the local header ...
    content[central + 8] |= 1  # ... and in the central directory
    assert offered(bytes(content)) == {"study.zip/secret.png": "zip_encrypted"}


def test_an_archive_in_an_archive_is_refused_and_the_others_are_taken():
    inner = pictures.zip_of({"one.png": pictures.png(1)})
    found = offered(pictures.zip_of({"inner.zip": inner, "fine.png": pictures.png(2)}))
    assert found == {"study.zip/inner.zip": "zip_nested", "study.zip/fine.png": "taken"}


def test_an_archive_that_expands_past_the_limit_is_refused_before_it_is_read():
    bomb = pictures.zip_of({f"{n}.bin": b"\x00" * 3_000_000 for n in range(3)})
    assert len(bomb) < 100_000
    assert offered(bomb) == {"study.zip": "zip_too_large"}


def test_an_archive_with_too_many_files_is_refused():
    assert offered(pictures.zip_of({f"{n}.txt": b"x" for n in range(51)})) == {
        "study.zip": "zip_too_large"
    }


def test_a_file_over_the_size_limit_inside_an_archive_is_refused_alone():
    found = offered(pictures.zip_of({"big.bin": b"\x00" * (5 * 1024**2), "a.png": pictures.png()}))
    assert found == {"study.zip/big.bin": "too_large", "study.zip/a.png": "taken"}


def test_an_archive_that_lies_about_its_sizes_is_found_out():
    content = bytearray(pictures.zip_of({"liar.bin": b"\x00" * 1_000_000}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 10)  # the expanded size
    assert offered(bytes(content))["study.zip/liar.bin"] in {"zip_too_large", "truncated"}


@pytest.mark.parametrize("cut", [10, 100, 1000])
def test_a_truncated_archive_is_refused(cut):
    assert offered(pictures.zip_of({"a.png": pictures.png()})[:cut]) == {"study.zip": "truncated"}


def test_an_empty_archive_is_refused():
    assert offered(pictures.zip_of({})) == {"study.zip": "empty"}


def test_a_plain_file_over_the_size_limit_is_refused_unread():
    content = b"\x00" * (LIMITS.file.max_bytes + 1)
    assert offered(content, "huge.png") == {"huge.png": "too_large"}


def test_the_name_of_an_entry_is_fit_to_be_shown_and_sent():
    found = offered(pictures.zip_of({"a\n\u202eb.png": pictures.png(1)}))
    assert found == {"study.zip/ab.png": "taken"}


def zip_by(method: int, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bomb.bin", content, compress_type=method)
        archive.writestr("a.png", pictures.png())
    return buffer.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_expand_all_at_once_are_refused_before_a_byte_comes_out(method):
    content = bytearray(zip_by(method, bytes(50_000_000)))
    assert len(content) < 20_000
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 1)  # the expanded size
    tracemalloc.start()
    try:
        found = offered(bytes(content))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == {"study.zip/bomb.bin": "zip_method", "study.zip/a.png": "taken"}
    assert peak < 2_000_000


def test_a_method_that_only_the_file_itself_states_is_refused_too():
    """The directory says deflated, the header before the bytes says bzip2: the directory counts."""
    content = bytearray(zip_by(zipfile.ZIP_BZIP2, bytes(1_000_000)))
    central = content.index(b"PK\x01\x02")
    content[central + 10 : central + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    assert offered(bytes(content))["study.zip/bomb.bin"] == "truncated"


def test_a_directory_of_a_million_entries_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)
    entry = b"PK\x01\x02" + bytes(42)
    directory = entry * 1_000_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    assert offered(ZIP_START + directory + end) == {"study.zip": "zip_too_large"}
    few = entry * 301  # 50 files are allowed, and what stands beside them
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(few), 0, 0)
    assert offered(ZIP_START + few + end) == {"study.zip": "zip_too_large"}


def test_a_mac_s_copies_and_folders_do_not_count_as_files():
    files = {f"s/{n}.txt": b"x" for n in range(50)} | {f"__MACOSX/s/._{n}": b"x" for n in range(50)}
    assert set(offered(pictures.zip_of(files)).values()) == {"taken"}


def test_words_before_an_archive_and_after_it_and_zip64_are_read():
    content = pictures.zip_of({"a.png": pictures.png()})
    assert offered(ZIP_START + content) == {"study.zip/a.png": "taken"}
    commented = bytearray(content + b"a comment")
    commented[len(content) - 2 : len(content)] = struct.pack("<H", 9)
    assert offered(bytes(commented)) == {"study.zip/a.png": "taken"}
    at = content.rindex(b"PK\x05\x06")
    size, start = struct.unpack_from("<II", content, at + 12)
    end = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    assert offered(content[:at] + end + locator + content[at:]) == {"study.zip/a.png": "taken"}


def test_a_name_of_thousands_of_letters_is_refused_and_shown_short():
    found = offered(
        pictures.zip_of({"a" * 5000 + ".png": pictures.png(1), "b.png": pictures.png()})
    )
    (long,) = (name for name, code in found.items() if code == "zip_long_name")
    assert len(long) <= len("study.zip/") + 1000
    assert found["study.zip/b.png"] == "taken"


def test_an_entry_that_is_shorter_than_it_declares_is_damaged():
    content = bytearray(pictures.zip_of({"short.bin": b"x" * 5000}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", 6000)
    assert offered(bytes(content))["study.zip/short.bin"] == "truncated"
