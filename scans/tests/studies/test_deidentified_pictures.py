"""Pictures and volumes without the texts in them; the pixels stay as they are."""

import gzip
import io
import struct
import zlib

import nibabel
import numpy as np
import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from ml.imaging import formats
from ml.imaging.formats import Limits
from scans.ingest.deidentification import PseudonymKey, pseudonymized
from scans.tests.core import pictures

LIMITS = Limits(max_bytes=2**24, max_pixels=10**7, min_side=1, max_frames=50)
KEY = PseudonymKey(b"k" * 32)


def made(content):
    return pseudonymized(content, key=KEY, limits=LIMITS)


def assert_same_pixels(before, after):
    one, other = (formats.read(content, limits=LIMITS) for content in (before, after))
    assert len(one.images) == len(other.images)
    for was, is_now in zip(one.images, other.images, strict=True):
        assert np.array_equal(was.pixels, is_now.pixels)
        assert was.place == is_now.place
    assert b"CANARY" not in after
    assert made(after) == after


def saved(kind, frames=1, **options):
    images = [
        Image.fromarray(pictures.slice_pixels(seed=seed, width=96, height=64))
        for seed in range(frames)
    ]
    file = io.BytesIO()
    if frames > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    images[0].save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
def test_jpeg_keeps_of_exif_how_it_lies(orientation):
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "CANARY", orientation
    content = saved("JPEG", exif=exif, comment=b"CANARY")
    assert content.count(b"CANARY") == 2
    assert_same_pixels(content + b"CANARY", made(content + b"CANARY"))


def test_a_jpeg_of_several_pictures_keeps_them():
    exif = Image.Exif()
    exif[0x010E] = "CANARY"
    content = saved("MPO", frames=3, exif=exif)
    assert b"CANARY" in content
    assert_same_pixels(content, made(content))


@pytest.mark.parametrize("orientation", [1, 8])
def test_png_loses_texts_and_what_follows(orientation):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "CANARY")
    texts.add_itxt("Title", "CANARY")
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "CANARY", orientation
    content = saved("PNG", pnginfo=texts, exif=exif) + b"CANARY"
    assert_same_pixels(content, made(content))


def test_an_animated_png_keeps_its_pictures():
    content = saved("PNG", frames=3)
    assert_same_pixels(content, made(content))


def test_gif_loses_comments():
    content = saved("GIF", frames=3, comment=b"CANARY", loop=0)
    assert b"CANARY" in content
    assert_same_pixels(content, made(content + b"CANARY"))


@pytest.mark.parametrize("prefix", [b"II", b"MM"])
def test_tiff_loses_its_texts(prefix):
    texts = TiffImagePlugin.ImageFileDirectory_v2(prefix=prefix)
    texts[270], texts[305], texts[65000] = ("CANARY of a title",) * 3
    content = saved("TIFF", frames=2, tiffinfo=texts)
    assert content.count(b"CANARY") >= 3
    assert_same_pixels(content, made(content))


@pytest.mark.parametrize("cls", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("compressed", [False, True])
def test_nifti_loses_its_texts_and_extensions(cls, compressed):
    volume = np.arange(20 * 24 * 8, dtype=np.int16).reshape(20, 24, 8)
    image = cls(volume, np.diag([1.0, 1.0, 3.0, 1.0]))
    for name in ("descrip", "aux_file", "intent_name"):
        image.header[name] = "CANARY"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"CANARY"))
    content = image.to_bytes()
    assert content.count(b"CANARY") == 4
    content = gzip.compress(content) if compressed else content
    after = made(content)
    assert b"CANARY" not in (gzip.decompress(after) if compressed else after)
    assert_same_pixels(content, after)


def test_damaged_files_are_refused_or_stay_what_they_are():
    for content in (pictures.jpeg(), pictures.png(), saved("GIF"), saved("TIFF")):
        for length in range(4, len(content), max(1, len(content) // 60)):
            try:
                made(content[:length])
            except formats.Refusal as refusal:
                assert refusal.code in ("truncated", "empty", "not_an_image")  # noqa: PT017


def test_a_file_of_no_format_comes_back_as_it_is():
    assert made(b"words") == b"words"
    chunk = b"tEXtCANARY"
    words = struct.pack(">I", 6) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert b"CANARY" not in made(pictures.png()[:33] + words + pictures.png()[33:])


# --- Damage --------------------------------------------------------------------------------------


def volume_of(cls=nibabel.Nifti1Image):
    return cls(np.arange(480, dtype=np.int16).reshape(10, 12, 4), np.eye(4)).to_bytes()


def assert_refused(content):
    with pytest.raises(formats.Refusal) as refused:
        made(content)
    assert refused.value.code == "truncated"
    assert refused.value.problem


@pytest.mark.parametrize("offset", [float("nan"), float("inf"), -1e30])
def test_a_volume_whose_numbers_lie_nowhere_is_refused(offset):
    content = volume_of()
    assert_refused(content[:108] + struct.pack("<f", offset) + content[112:])


def test_a_compressed_volume_that_is_damaged_is_refused():
    content = gzip.compress(volume_of())
    assert_refused(content[:-8] + bytes(4) + content[-4:])  # another sum than that of its bytes


@pytest.mark.parametrize("cls", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("compressed", [False, True])
def test_nifti_loses_what_follows_its_voxels(cls, compressed):
    content = volume_of(cls) + b"CANARY"
    after = made(gzip.compress(content) if compressed else content)
    assert (gzip.decompress(after) if compressed else after) == volume_of(cls)


# --- What a TIFF file leads to -------------------------------------------------------------------


def directory_of(*entries, after=0):
    parts = [struct.pack("<HHII", *entry) for entry in entries]
    return struct.pack("<H", len(parts)) + b"".join(parts) + struct.pack("<I", after)


def test_tiff_loses_exif_and_where_it_was_taken():
    content, texts = saved("TIFF"), b"CANARY of a comment, CANARY of a place"
    at = struct.unpack_from("<I", content, 4)[0]
    count = struct.unpack_from("<H", content, at)[0]
    end = len(content)
    first = directory_of((0x9286, 7, len(texts), end))
    other = directory_of((0x1B, 7, len(texts), end), (1, 2, 4, 0x52414E43))
    exif = end + len(texts)
    pointers = (0x8769, 4, 1, exif), (0x8825, 4, 1, exif + len(first))
    entries = list(struct.iter_unpack("<HHII", content[at + 2 : at + 2 + 12 * count]))
    page = exif + len(first) + len(other)
    content = content[:4] + struct.pack("<I", page) + content[8:] + texts + first + other
    content += directory_of(*entries, *pointers)
    assert dict(Image.open(io.BytesIO(content)).getexif().get_ifd(0x8769)) == {0x9286: texts}
    after = made(content)
    assert_same_pixels(content, after)
    assert b"CNAR" not in after
    assert not {0x8769, 0x8825} & set(Image.open(io.BytesIO(after)).getexif())


def test_tiff_loses_what_nothing_leads_to():
    content = saved("TIFF", frames=2, compression="tiff_lzw")
    # Both ends, and a directory between: one that was left when another took its place.
    left = b"CANARY" + directory_of((270, 2, 4, 0x52414E43))
    moved = content[:4] + struct.pack("<I", len(content) + len(left)) + content[8:]
    at = struct.unpack("<I", content[4:8])[0]
    size = 2 + 12 * struct.unpack_from("<H", content, at)[0] + 4
    moved = moved + left + content[at : at + size] + b"CANARY"
    assert_same_pixels(moved, made(moved))
    assert b"CNAR" not in made(moved)


def test_tiff_keeps_tiles_and_pictures_in_pictures():
    tile = pictures.slice_pixels(seed=1, width=64, height=64)[:64, :64].astype(np.uint8)
    numbers = {254: 0, 256: 64, 257: 64, 258: 8, 259: 1, 262: 1, 277: 1, 322: 64, 323: 64}
    first, data = 8, 8 + 2 + 12 * 12 + 4

    def page(place, *more):
        entries = [(tag, 4, 1, value) for tag, value in numbers.items()]
        return directory_of(*entries, (324, 4, 1, place), (325, 4, 1, 4096), *more)

    inner = data + 4096
    content = b"II*\0" + struct.pack("<I", first) + page(data, (330, 4, 1, inner))
    content += tile.tobytes() + page(data)
    after = made(content)
    assert after == content
    assert np.array_equal(formats.read(after, limits=LIMITS).images[0].pixels, tile)


def test_tiff_whose_directories_lead_to_one_list_of_thousands_is_refused():
    size, count = 2 + 12 + 4, 10
    places = 8 + count * size
    content = b"II*\0" + struct.pack("<I", 8)
    for index in range(1, count + 1):
        entry = (330, 4, 20_000, places)
        content += directory_of(entry, after=8 + index * size if index < count else 0)
    assert_refused(content + bytes(4 * 20_000))
