"""Opening pictures that strangers send."""

import io

from PIL import Image, ImageOps

from creditsapp.formatting import number
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
SHORTEST_SIDE = 16

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
    if min(image.size) < SHORTEST_SIDE:
        smallest = number(SHORTEST_SIDE)
        raise ValueError(_("The picture is too small; at least %(n)s pixels each way.", n=smallest))
    try:
        return _prepare(image)
    except Exception:
        raise ValueError(_("The picture is damaged or incomplete.")) from None


def _too_large() -> str:
    return _(
        "The picture is too large; at most %(n)s megapixels.", n=number(MAX_PIXELS // 1_000_000)
    )


def _prepare(image: Image.Image) -> Image.Image:
    # A JPEG can be decoded at a fraction of its size, which saves most of the work.
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    image = ImageOps.exif_transpose(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=3.0)
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
