"""Opening pictures that strangers send."""

import io
import re
import threading

from PIL import Image, ImageOps

from creditsapp.formatting import number
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
SHORTEST_SIDE = 16

# A progressive JPEG has about ten scans. Each goes over the whole picture again and takes some
# bytes only, so that a small file could keep a processor for hours.
MAX_SCANS = 40
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # none of those inside a scan
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9

# Some pictures of 40 megapixels take 180 MB while they are opened.
_OPENED_AT_ONCE = threading.BoundedSemaphore(2)

NOT_A_PICTURE = N_("This is not a PNG, JPEG, WebP or GIF picture that can be opened.")


def open_picture(content: bytes) -> Image.Image:
    """Return the first frame upright, in RGB and within 1600 pixels; ValueError says why not."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(_too_large()) from None
    except Exception:
        # Pillow's readers raise nearly anything on a damaged file.
        raise ValueError(_(NOT_A_PICTURE)) from None
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(_too_large())
    if content.startswith(b"\xff\xd8") and _has_too_many_scans(content):
        raise ValueError(_("The picture is damaged or incomplete."))
    if min(image.size) < SHORTEST_SIDE:
        smallest = number(SHORTEST_SIDE)
        raise ValueError(_("The picture is too small; at least %(n)s pixels each way.", n=smallest))
    try:
        with _OPENED_AT_ONCE:
            return _prepare(image)
    except Exception:
        raise ValueError(_("The picture is damaged or incomplete.")) from None


def _has_too_many_scans(jpeg: bytes) -> bool:
    """Whether a JPEG up to its end has more scans than a real one; what follows is not read."""
    place, scans = 2, 0
    while scans <= MAX_SCANS and (found := _MARKER.search(jpeg, place)):
        marker = jpeg[found.end() - 1]
        if marker == _END_OF_IMAGE:
            break
        scans += marker == _START_OF_SCAN
        place = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2])
    return scans > MAX_SCANS


def _too_large() -> str:
    return _(
        "The picture is too large; at most %(n)s megapixels.", n=number(MAX_PIXELS // 1_000_000)
    )


def _prepare(image: Image.Image) -> Image.Image:
    # A JPEG can be decoded at a fraction of its size, which saves most of the work.
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=3.0)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        # Pillow cuts 16-bit grey off at 255 where it should scale it.
        image = image.convert("F").point(lambda value: value / 257 + 0).convert("L")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    # Pixels alone are copied, so that no metadata can follow them.
    clean = Image.new("RGB", image.size)
    clean.paste(image.convert("RGB"))
    return clean
