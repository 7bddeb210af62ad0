"""Hostile files, made here: each is small, and wants more than it should get."""

import io
import struct
import zipfile
import zlib

from PIL import Image, PngImagePlugin


def encoded(image, kind, **options):
    """A picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def small():
    """A good picture, to spoil."""
    return Image.radial_gradient("L").resize((64, 48)).convert("RGB")


def chunk(kind, content):
    """A part of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(width, height, *chunks, depth=8, colour=2, data=b""):
    """A PNG that says it is this large, whatever is in it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(data))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + data + chunk(b"IEND", b"")


def repeated_scan(side, times):
    """A progressive JPEG with one scan over and over: hours of work in a file of some kilobytes."""
    good = encoded(Image.new("L", (side, side)), "JPEG", progressive=True)
    scan = good[good.rindex(b"\xff\xda") : -2]
    return good[:-2] + scan * times + good[-2:]


def with_text(keyword, size):
    """A PNG with a compressed text that unpacks to so many bytes."""
    words = keyword + b"\0\0" + zlib.compress(b"a" * size)
    rows = b"\0" + b"\0" * 192
    return png(64, 48, chunk(b"zTXt", words), data=rows * 48)


def with_profile(size):
    """A PNG with a colour profile that unpacks to so many bytes."""
    profile = b"icc\0\0" + zlib.compress(b"a" * size)
    return png(64, 48, chunk(b"iCCP", profile), data=(b"\0" + b"\0" * 192) * 48)


def gif(width, height, after=b""):
    """A GIF that says it is this large, with nothing in it."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00" + after + b";"


def animated(kind, count, **options):
    """A good animation."""
    frames = [Image.new("P", (32, 32), index % 256) for index in range(count)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def archive(*names, size=10):
    """A zip file, as a Word document is one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            packed.writestr(name, b"a" * size)
    return file.getvalue()


def svg(inside):
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">{inside}</svg>'.encode()


def refused_pictures():
    """By name: what is no picture, too much of one, or half of one."""
    jpeg, webp = encoded(small(), "JPEG"), encoded(small(), "WEBP")
    good = encoded(small(), "PNG")
    return {
        "nothing but a signature": b"\x89PNG\r\n\x1a\n",
        "half a PNG": good[: len(good) // 2],
        "half a JPEG": jpeg[: len(jpeg) // 2],
        "half a WebP": webp[: len(webp) // 2],
        "half a GIF": encoded(small(), "GIF")[:900],
        "a PNG without data": png(64, 48),
        "a PNG of 2^31 pixels each way": png(2**31 - 1, 2**31 - 1),
        "a PNG of 50000 pixels each way": png(50_000, 50_000, data=bytes(1000)),
        "a PNG of 10^9 by 1": png(10**9, 1),
        "a PNG of no width": png(0, 64),
        "a PNG of 41 megapixels": png(6_400, 6_407, data=bytes(1000)),
        "a PNG with a wrong sum": good[:40] + b"\0" + good[41:],
        "a PNG of an unknown kind": png(64, 48, depth=7, colour=9),
        "a text bomb": with_text(b"Comment", 60_000_000),
        "many text bombs": png(
            64,
            48,
            *[chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 1_000_000))] * 100,
            data=(b"\0" + b"\0" * 192) * 48,
        ),
        "a profile bomb": with_profile(60_000_000),
        "a JPEG with 41 scans": repeated_scan(64, 40),
        "a JPEG with 100000 scans": repeated_scan(64, 100_000),
        "a GIF of 65535 pixels each way": gif(65_535, 65_535),
        "a GIF without a picture": gif(64, 64),
        "a GIF of 65535 pixels that is a script": gif(65_535, 12_063, b"=1;alert(1)//"),
        "a WebP of 16384 pixels each way": webp[:24] + b"\xff\x3f\xff\x3f" + webp[28:],
        "SVG with a script": svg("<script>alert(1)</script>"),
        "SVG with an entity bomb": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        + svg("&b;"),
        "HTML": b"<!doctype html><script>alert(1)</script>",
        "HTML with a picture's name before it": b"GIF89a<script>alert(1)</script>",
        "PDF": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n",
        "TIFF": encoded(small(), "TIFF"),
        "BMP": encoded(small(), "BMP"),
        "ICO": encoded(small(), "ICO"),
        "a zip file": archive("a.png"),
        "1 pixel": encoded(Image.new("RGB", (1, 1)), "PNG"),
    }


def taken_pictures():
    """By name: what is a picture, and carries more than one: only its pixels may pass."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "MARK in the description"
    exif.get_ifd(0x8825)[1] = "N"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "MARK <script>alert(1)</script>")
    return {
        "a JPEG that is a page as well": encoded(small(), "JPEG", comment=b"MARK<script>*/--></s"),
        "a JPEG with a page after it": encoded(small(), "JPEG") + b"MARK<script>alert(1)</script>",
        "a JPEG with a zip file after it": encoded(small(), "JPEG") + archive("MARK.html"),
        "a GIF with a script after it": encoded(small(), "GIF") + b"=1;MARK=alert(1)",
        "a PNG with a page in its text": encoded(small(), "PNG", pnginfo=notes),
        "a JPEG that lies on its side": encoded(small(), "JPEG", exif=exif),
        "a PNG that lies on its side": encoded(small(), "PNG", exif=exif),
        "a GIF of 2000 frames": animated("GIF", 2000),
        "a PNG of 500 frames": animated("PNG", 500),
        "a WebP of 100 frames": animated("WEBP", 100),
        "as many scans as there may be": repeated_scan(1_000, 34),
    }


def heavy_pictures():
    """By name: what is within all limits and as much work as that can be."""
    noise = Image.effect_noise((1_000, 1_000), 80)
    exif = Image.Exif()
    exif[0x0112] = 6
    size = (8_000, 5_000)
    return {
        "40 megapixels, black and white": encoded(Image.new("1", size), "PNG"),
        "40 megapixels, see-through": encoded(Image.new("RGBA", size), "PNG", exif=exif),
        "40 megapixels, 16 bits": encoded(Image.new("I;16", size), "PNG"),
        "40 megapixels, JPEG": encoded(Image.new("RGB", size), "JPEG", exif=exif),
        "40 megapixels, CMYK": encoded(Image.new("CMYK", size), "JPEG"),
        "40 megapixels in all scans": repeated_scan(6_300, 34),
        "40 megapixels, WebP": encoded(Image.new("RGBA", size), "WEBP", lossless=True),
        "40 megapixels, GIF": encoded(Image.new("P", size), "GIF"),
        "noise": encoded(noise, "PNG"),
    }


def refused_documents():
    """By name: what is no text, or too much to convert."""
    return {
        "a Word document": archive("word/document.xml", "[Content_Types].xml"),
        "a zip bomb as a Word document": archive("word/document.xml", size=50_000_000),
        "a picture": encoded(small(), "PNG"),
        "UTF-16": "# A title".encode("utf-16"),
        "Latin-1": "Übersicht".encode("latin-1"),
        "NUL": b"# A\0title",
        "a lone surrogate": b"\xed\xa0\x80",
        "nothing but a mark": b"\xef\xbb\xbf",
        "nothing but spaces": b" \n\t\n" * 100,
        "8000 lines": b"a\n" * 8_000,
        "50001 marks": b"[" * 50_001,
        "a million bytes and one": b"a" * 1_000_001,
    }


def heavy_documents():
    """By name: what is within all limits and as much work as that can be."""
    return {
        "quotes in quotes": b"> " * 12_000 + b"a",
        "lists in lists": b"\n".join(b"  " * depth + b"- a" for depth in range(1_500)),
        "open brackets": b"[" * 49_000 + b"](",
        "open links": b"[a](" * 10_000,
        "stars": b"*a **b " * 15_000,
        "code fences": b"```\n" * 7_999,
        "a wide table": b"|a" * 10_000 + b"|\n" + b"|-" * 10_000 + b"|\n",
        "entities": b"&amp;" * 49_000,
        "one long word": b"a" * 900_000,
        "reference definitions": b"[a]: b\n" * 7_900,
    }
