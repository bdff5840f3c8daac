"""Image files drawn in code, one of each kind that is read or refused; none shows a person.

Everything is drawn from formulas, so that the pixels of a file are the same on every machine.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

WIDTH, HEIGHT = 72, 66
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6  # color types of PNG
# Of each pass: x and y of the first pixel, steps in x and in y.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)

Chunk = tuple[bytes, bytes]


def gray(*, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Gray without any symmetry, uint8 of shape (height, width)."""
    y, x = np.mgrid[:height, :width]
    return ((x * 3 + y * 5 + x * y // 7) % 256).astype(np.uint8)


def deep_gray() -> np.ndarray:
    """All 16 bits in use, uint16 of shape (HEIGHT, WIDTH)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return ((x * 911 + y * 617 + x * y) % 65536).astype(np.uint16)


def color() -> np.ndarray:
    """Three different channels, uint8 of shape (HEIGHT, WIDTH, 3)."""
    first = gray()
    return np.dstack([first, first[::-1], 255 - first // 2])


def deep_color() -> np.ndarray:
    """Three different channels, uint16 of shape (HEIGHT, WIDTH, 3)."""
    first = deep_gray()
    return np.dstack([first, first[::-1], 65535 - first // 2])


def saved(
    pixels: np.ndarray, file_format: str, *, mode: str | None = None, **options: Any
) -> bytes:
    """The bytes of a file as Pillow writes it."""
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, file_format, **options)
    return buffer.getvalue()


def png(
    pixels: np.ndarray,
    *,
    color_type: int,
    depth: int = 8,
    interlaced: bool = False,
    before: Sequence[Chunk] = (),
) -> bytes:
    """A PNG of any color type and depth (ISO/IEC 15948), which Pillow cannot write.

    Args:
        pixels: (H, W) or (H, W, channels); with less than 8 bits one value a pixel.
        color_type: one of the constants above.
        depth: bits a sample: 1, 2, 4, 8 or 16.
        interlaced: in the seven passes of Adam7.
        before: chunks before the pixels, for example a palette.
    """
    height, width = pixels.shape[:2]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    data = b"".join(
        b"\0" + _packed(row, depth=depth)
        for x, y, step_x, step_y in passes
        for row in pixels[y::step_y, x::step_x]
    )
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    return assembled([(b"IHDR", header), *before, (b"IDAT", zlib.compress(data)), (b"IEND", b"")])


def assembled(chunks: Sequence[Chunk]) -> bytes:
    """A PNG file of these chunks, with right checksums."""
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def header_only(*, width: int, height: int) -> bytes:
    """A PNG that declares a size and holds no pixels, as a decompression bomb begins."""
    header = struct.pack(">IIBBBBB", width, height, 8, GRAY, 0, 0, 0)
    return assembled([(b"IHDR", header), (b"IDAT", zlib.compress(b""))])


def turned(orientation: int, file_format: str, pixels: np.ndarray) -> bytes:
    """A file with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(pixels, file_format, exif=exif)


def damaged(content: bytes, *, chunk: bytes) -> bytes:
    """The PNG with a wrong checksum of its first chunk of this name."""
    start = content.index(chunk)
    (length,) = struct.unpack(">I", content[start - 4 : start])
    changed = bytearray(content)
    changed[start + 4 + length] ^= 0xFF
    return bytes(changed)


def _packed(row: np.ndarray, *, depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = (row[:, np.newaxis] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel()).tobytes()


def readable() -> dict[str, bytes]:
    """Files that are read, by name."""
    return dict(_pngs()) | dict(_jpegs()) | dict(_turned_files()) | dict(_gifs_and_tiffs())


def _pngs() -> Iterator[tuple[str, bytes]]:
    alpha = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    deep_alpha = alpha.astype(np.uint16) * 257
    palette = (b"PLTE", bytes((7 * i) % 256 for i in range(48)))
    grays = (b"PLTE", bytes(16 * (i // 3) for i in range(48)))
    index = gray() % 16
    for interlaced in (False, True):
        word = "interlaced" if interlaced else "plain"
        for depth in (1, 2, 4):
            values = gray() % (1 << depth)
            yield (
                f"png {word} gray {depth} bit",
                png(values, color_type=GRAY, depth=depth, interlaced=interlaced),
            )
        for name, depth, one, three, clear in (
            ("8 bit", 8, gray(), color(), alpha),
            ("16 bit", 16, deep_gray(), deep_color(), deep_alpha),
        ):
            for kind, color_type, pixels in (
                ("gray", GRAY, one),
                ("gray alpha", GRAY_ALPHA, np.dstack([one, clear])),
                ("rgb", RGB, three),
                ("rgb of gray", RGB, np.dstack([one] * 3)),
                ("rgba", RGBA, np.dstack([three, clear])),
                ("rgba of gray", RGBA, np.dstack([one, one, one, clear])),
            ):
                yield (
                    f"png {word} {kind} {name}",
                    png(pixels, color_type=color_type, depth=depth, interlaced=interlaced),
                )
        yield (
            f"png {word} palette",
            png(index, color_type=PALETTE, depth=4, interlaced=interlaced, before=[palette]),
        )
    clear_index = (b"tRNS", bytes((0, 128, 255)))
    yield "png palette of grays", png(index, color_type=PALETTE, depth=8, before=[grays])
    yield (
        "png palette with transparency",
        png(index, color_type=PALETTE, depth=8, before=[palette, clear_index]),
    )
    clear_gray = (b"tRNS", struct.pack(">H", 40))
    clear_color = (b"tRNS", struct.pack(">HHH", *(int(v) for v in color()[9, 9])))
    yield "png gray with transparency", png(gray(), color_type=GRAY, before=[clear_gray])
    yield "png rgb with transparency", png(color(), color_type=RGB, before=[clear_color])
    yield (
        "png deep gray with transparency",
        png(deep_gray(), color_type=GRAY, depth=16, before=[(b"tRNS", b"\x00\x05")]),
    )
    resolution = (b"pHYs", struct.pack(">IIB", 2000, 2000, 1))  # pixels a meter
    yield "png with a resolution", png(gray(), color_type=GRAY, before=[resolution])
    yield "png with words after its end", png(gray(), color_type=GRAY) + b"more"
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        yield f"pillow png {mode}", saved(gray(), "PNG", mode=mode)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words")
    yield "pillow png with text", saved(gray(), "PNG", pnginfo=text)


def of_pictures(count: int, file_format: str) -> bytes:
    """One file of that many different pictures, as Pillow writes it."""
    buffer = io.BytesIO()
    first, *more = (Image.fromarray(gray() + np.uint8(40 * number)) for number in range(count))
    first.save(buffer, file_format, save_all=True, append_images=more)
    return buffer.getvalue()


def _jpegs() -> Iterator[tuple[str, bytes]]:
    # What these hold depends on the release of libjpeg-turbo that wrote them.
    yield "jpeg gray", saved(gray(), "JPEG", quality=90)
    yield "jpeg rgb", saved(color(), "JPEG", quality=90)
    yield "jpeg rgb of gray", saved(np.dstack([gray()] * 3), "JPEG", quality=90)
    yield "jpeg rgb subsampled", saved(color(), "JPEG", quality=60, subsampling="4:2:0")
    yield "jpeg progressive", saved(color(), "JPEG", quality=80, progressive=True)
    yield "jpeg cmyk", saved(color(), "JPEG", mode="CMYK", quality=90)
    yield "jpeg with a resolution", saved(gray(), "JPEG", quality=90, dpi=(300, 300))


def _gifs_and_tiffs() -> Iterator[tuple[str, bytes]]:
    yield "gif of one image", of_pictures(1, "GIF")
    yield "gif palette", saved(color(), "GIF")
    yield "tiff", saved(gray(), "TIFF")
    yield "tiff 16 bit", saved(deep_gray(), "TIFF")
    for mode in ("1", "P", "RGB", "RGBA"):
        yield f"tiff {mode}", saved(color(), "TIFF", mode=mode)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"tiff {compression}", saved(gray(), "TIFF", compression=compression)
    yield "tiff white is zero", tiff(gray(), photometric=0)
    yield "tiff 16 bit white is zero", tiff(deep_gray(), photometric=0)
    yield "tiff big-endian", tiff(deep_gray(), photometric=1, order=">")
    yield "tiff deep color", tiff(deep_color(), photometric=2)
    for orientation in (3, 6):
        yield f"tiff orientation {orientation}", tiff(gray(), photometric=1, turn=orientation)


def tiff(*pages: np.ndarray, photometric: int, order: str = "<", turn: int = 1) -> bytes:
    """A TIFF file (revision 6.0) of uncompressed pages, each one strip."""
    made = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4  # where the place of the next page is written
    for page in pages:
        samples = page.shape[2] if page.ndim == 3 else 1
        bits = 8 * page.dtype.itemsize
        strip = page.astype(page.dtype.newbyteorder(order)).tobytes()
        at = len(made)
        made += strip
        depths = len(made)
        made += struct.pack(f"{order}{samples}H", *[bits] * samples)
        made += bytes(len(made) % 2)
        made[link : link + 4] = struct.pack(f"{order}I", len(made))
        in_place = struct.pack(f"{order}H2x", bits)
        tags = (
            (256, 3, 1, struct.pack(f"{order}H2x", page.shape[1])),
            (257, 3, 1, struct.pack(f"{order}H2x", page.shape[0])),
            (258, 3, samples, struct.pack(f"{order}I", depths) if samples > 2 else in_place),
            (259, 3, 1, struct.pack(f"{order}H2x", 1)),
            (262, 3, 1, struct.pack(f"{order}H2x", photometric)),
            (273, 4, 1, struct.pack(f"{order}I", at)),
            (274, 3, 1, struct.pack(f"{order}H2x", turn)),
            (277, 3, 1, struct.pack(f"{order}H2x", samples)),
            (278, 3, 1, struct.pack(f"{order}H2x", page.shape[0])),
            (279, 4, 1, struct.pack(f"{order}I", len(strip))),
        )
        made += struct.pack(f"{order}H", len(tags))
        for tag, kind, count, value in tags:
            made += struct.pack(f"{order}HHI", tag, kind, count) + value
        link = len(made)
        made += bytes(4)
    return bytes(made)


def _turned_files() -> Iterator[tuple[str, bytes]]:
    for orientation in range(10):  # 0 and 9 are none
        yield f"png orientation {orientation}", turned(orientation, "PNG", gray())
        yield f"jpeg orientation {orientation}", turned(orientation, "JPEG", gray())
    yield "png color orientation 6", turned(6, "PNG", color())
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = png(deep_color(), color_type=RGB, depth=16, before=[(b"eXIf", exif.tobytes()[6:])])
    yield "png deep color orientation 6", deep
    deep = png(deep_gray(), color_type=GRAY, depth=16, before=[(b"eXIf", exif.tobytes()[6:])])
    yield "png deep gray orientation 6", deep


def refused() -> dict[str, bytes]:
    """Files that are refused, by name."""
    plain = png(gray(), color_type=GRAY)
    interlaced = png(gray(), color_type=GRAY, interlaced=True)
    deep = png(deep_color(), color_type=RGB, depth=16)
    jpeg = saved(color(), "JPEG", quality=90)
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words")
    return _of_other_formats() | {
        "nothing": b"",
        "one byte": b"\xff",
        "words": b"these are words, not pixels",
        "zeros": bytes(500),
        "png of two frames": of_pictures(2, "PNG"),
        "jpeg of two frames": of_pictures(2, "MPO"),
        "gif of three images": of_pictures(3, "GIF"),
        "gif": b"GIF89a" + bytes(50),
        "bmp": saved(gray(), "BMP"),
        "tiff of zeros": b"MM\x00*" + bytes(50),
        "tiff truncated": saved(gray(), "TIFF")[:2000],
        "tiff of fractions": saved(gray(), "TIFF", mode="F"),
        "gif truncated": of_pictures(1, "GIF")[:-500],
        "pdf": b"%PDF-1.7\n" + bytes(50),
        "webp": b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(50),
        "riff of another kind": b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(50),
        "dicom": bytes(128) + b"DICM" + bytes(50),
        "dicom that begins as tiff": b"II*\x00" + bytes(124) + b"DICM" + bytes(50),
        "zip": b"PK\x03\x04" + bytes(50),
        "png of a signature alone": SIGNATURE,
        "png header alone": plain[:33],
        "png truncated": plain[:-200],
        "png interlaced truncated": interlaced[: len(interlaced) // 2],
        "png deep truncated": deep[: len(deep) // 2],
        "png wrong checksum of header": damaged(plain, chunk=b"IHDR"),
        "png wrong checksum of text": damaged(saved(gray(), "PNG", pnginfo=text), chunk=b"tEXt"),
        "png deep wrong checksum": damaged(deep, chunk=b"IDAT"),
        "png without its end": plain[:-12],
        "png without four bytes": plain[:-4],
        "png wrong checksum of pixels": damaged(plain, chunk=b"IDAT"),
        "png wrong checksum of end": damaged(plain, chunk=b"IEND"),
        "png without pixels": header_only(width=100, height=100),
        "jpeg truncated": jpeg[: len(jpeg) // 2],
        "jpeg header alone": jpeg[:100],
        "jpeg of zeros": b"\xff\xd8\xff\xe0" + bytes(40),
        "jpeg without its end": jpeg[:-2],
        "too narrow": png(gray(width=63, height=200), color_type=GRAY),
        "too flat": png(gray(width=200, height=63), color_type=GRAY),
        "too many pixels": png(gray(width=1001, height=1000), color_type=GRAY),
        "bomb": header_only(width=60_000, height=60_000),
    }


def _of_other_formats() -> dict[str, bytes]:
    """The beginnings of files of formats that are known and not read."""
    nifti = struct.pack("<I", 348) + bytes(340) + b"n+1\0" + bytes(100)
    pair = struct.pack("<I", 348) + bytes(340) + b"ni1\0" + bytes(100)
    return {
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50),
        "heic by its second brand": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(50),
        "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(50),
        "mp4": b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + bytes(50),
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(50),
        "jpeg 2000 codestream": b"\xff\x4f\xff\x51" + bytes(50),
        "tiff of 64 bits": b"II+\x00" + bytes(50),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(50),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
        "tar": bytes(257) + b"ustar\x0000" + bytes(250),
        "nifti in two parts": pair,
        "analyze": struct.pack("<I", 348) + bytes(400),
        "nifti": nifti,
        "nifti big-endian": struct.pack(">I", 348) + bytes(340) + b"n+1\0" + bytes(100),
        "nifti 2": struct.pack("<I", 540) + b"n+2\0" + bytes(540),
        "nifti compressed": gzip.compress(nifti, mtime=0),
        "gzip": gzip.compress(b"words", mtime=0),
        "gzip damaged": b"\x1f\x8b" + bytes(50),
        "word until 2003": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50),
        "rich text": b"{\\rtf1 words}",
        "web page": b"\n<!DOCTYPE html><html></html>",
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    }
