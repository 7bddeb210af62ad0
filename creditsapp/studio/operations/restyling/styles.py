"""The styles that a picture can be shown in; each is a function from picture to picture."""

from collections.abc import Callable
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from creditsapp.translation import gettext_noop as N_

Style = Callable[[Image.Image], Image.Image]


def watercolour(image: Image.Image) -> Image.Image:
    """Pale washes with darker edges, on paper."""
    scale = max(image.size) / 1600
    # The washes are found at half the size: four times as fast, and they are soft anyway.
    wash = image.reduce(2).filter(ImageFilter.MedianFilter(3))
    wash = wash.filter(ImageFilter.ModeFilter(_odd(6 * scale)))
    wash = wash.resize(image.size, Image.Resampling.BICUBIC)
    wash = ImageEnhance.Color(wash).enhance(1.35)
    wash = Image.blend(wash, Image.new("RGB", image.size, "#fffaf0"), 0.2)
    edges = ImageOps.invert(_edges(wash, 2.5 * scale + 0.4)).point(
        [120 + v * 135 // 255 for v in _BYTES]
    )
    wash = ImageChops.multiply(wash, Image.merge("RGB", (edges, edges, edges)))
    paper = _paper(image.size, 205)
    wash = ImageChops.multiply(wash, Image.merge("RGB", (paper, paper, paper)))
    return _torn_edge(wash)


def pencil_sketch(image: Image.Image) -> Image.Image:
    """Graphite lines and soft shading on paper."""
    scale = max(image.size) / 1600
    grey = ImageOps.autocontrast(image.convert("L"), cutoff=1)
    blurred = ImageOps.invert(grey).filter(ImageFilter.GaussianBlur(9 * scale + 1))
    lines = _dodge(grey, blurred).point([max(0, 255 - (255 - v) * 17 // 10) for v in _BYTES])
    shading = grey.filter(ImageFilter.GaussianBlur(3 * scale))
    drawing = ImageChops.multiply(lines, shading.point([195 + v * 60 // 255 for v in _BYTES]))
    drawing = ImageChops.multiply(drawing, _paper(image.size, 232))
    return ImageOps.colorize(drawing, "#23242a", "#fbf8f1")


def poster(image: Image.Image) -> Image.Image:
    """Few flat, strong colours with dark outlines."""
    scale = max(image.size) / 1600
    flat = ImageOps.autocontrast(image, cutoff=1, preserve_tone=True)
    flat = ImageEnhance.Color(flat.filter(ImageFilter.MedianFilter(5))).enhance(1.5)
    flat = flat.filter(ImageFilter.GaussianBlur(1.5 * scale + 0.3))
    # Choosing the colours in a small copy takes a hundredth of the time.
    few = flat.resize((96, 96)).quantize(14, Image.Quantize.MAXCOVERAGE, kmeans=2)
    flat = flat.quantize(palette=few, dither=Image.Dither.NONE).convert("RGB")
    flat = flat.filter(ImageFilter.MedianFilter(_odd(5 * scale)))
    lines = _edges(image, 1.6 * scale + 0.4).point([255 if v > 105 else 0 for v in _BYTES])
    lines = lines.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.GaussianBlur(0.8))
    flat.paste("#1d1a26", (0, 0), lines)
    return flat


def duotone(image: Image.Image) -> Image.Image:
    """Two inks: deep violet in the shadows, warm apricot in the lights."""
    grey = ImageOps.autocontrast(image.convert("L"), cutoff=1)
    return ImageOps.colorize(grey, "#1f1147", "#ffd9a0", mid="#d6456f", midpoint=120)


def pixel_art(image: Image.Image) -> Image.Image:
    """Large square pixels in 24 colours."""
    block = max(2, round(max(image.size) / 128))
    small = (max(1, image.width // block), max(1, image.height // block))
    pixels = ImageOps.autocontrast(image, cutoff=1, preserve_tone=True).resize(
        small, Image.Resampling.BOX
    )
    pixels = ImageEnhance.Color(pixels).enhance(1.3)
    pixels = pixels.quantize(24, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    return pixels.resize((small[0] * block, small[1] * block), Image.Resampling.NEAREST)


def vintage(image: Image.Image) -> Image.Image:
    """Faded, warm, with grain and darker corners, like an old print."""
    faded = ImageOps.autocontrast(image, cutoff=1, preserve_tone=True)
    faded = ImageEnhance.Color(faded).enhance(0.6)
    red, green, blue = faded.split()
    faded = Image.merge(
        "RGB",
        (
            red.point([48 + v * 207 // 255 for v in _BYTES]),
            green.point([34 + v * 204 // 255 for v in _BYTES]),
            blue.point([44 + v * 150 // 255 for v in _BYTES]),
        ),
    )
    grain = _paper(image.size, 228)
    corners = Image.radial_gradient("L").resize(image.size)
    corners = corners.point([255 - max(0, v - 80) // 2 for v in _BYTES])
    shade = ImageChops.multiply(grain, corners)
    return ImageChops.multiply(faded, Image.merge("RGB", (shade, shade, shade)))


STYLES: dict[str, tuple[str, Style]] = {
    "watercolour": (N_("Watercolour"), watercolour),
    "pencil_sketch": (N_("Pencil sketch"), pencil_sketch),
    "poster": (N_("Poster"), poster),
    "duotone": (N_("Duotone"), duotone),
    "pixel_art": (N_("Pixel art"), pixel_art),
    "vintage": (N_("Vintage"), vintage),
}

_BYTES = range(256)


def _odd(size: float) -> int:
    return max(3, int(size) // 2 * 2 + 1)


def _edges(image: Image.Image, blur: float) -> Image.Image:
    """Return the outlines of a picture in white on black."""
    grey = image.convert("L").filter(ImageFilter.GaussianBlur(blur))
    spread = ImageChops.subtract(
        grey.filter(ImageFilter.MaxFilter(3)), grey.filter(ImageFilter.MinFilter(3))
    )
    return spread.point([min(255, v * 5) for v in _BYTES])


def _dodge(grey: Image.Image, blurred: Image.Image) -> Image.Image:
    """Brighten what is as light as its surroundings, so that only lines stay dark."""
    table = Image.new("L", grey.size)
    base, light = grey.tobytes(), blurred.tobytes()
    table.frombytes(bytes(_DODGE[a << 8 | b] for a, b in zip(base, light, strict=True)))
    return table


_DODGE = bytes(min(255, a * 256 // (256 - b)) for a in range(256) for b in range(256))


def _paper(size: tuple[int, int], darkest: int) -> Image.Image:
    """Return a fine grain in light grey, the same each time."""
    tile = Image.frombytes("L", (256, 256), Random(7).randbytes(256 * 256))
    tile = tile.filter(ImageFilter.GaussianBlur(0.9))
    tile = ImageOps.autocontrast(tile).point([darkest + v * (255 - darkest) // 255 for v in _BYTES])
    paper = Image.new("L", size)
    for top in range(0, size[1], 256):
        for left in range(0, size[0], 256):
            paper.paste(tile, (left, top))
    return paper


def _torn_edge(image: Image.Image) -> Image.Image:
    """Let the paint end a little unevenly before the edge of the paper."""
    random, margin = Random(11), max(image.size) * 0.016
    mask = Image.new("L", image.size, 255)
    draw = ImageDraw.Draw(mask)
    width, height = image.size
    step = max(4, round(margin))
    for x in range(0, width, step):
        for y in (0, height):
            reach = margin * random.uniform(0.4, 1.3)
            draw.ellipse((x - step, y - reach, x + step, y + reach), fill=0)
    for y in range(0, height, step):
        for x in (0, width):
            reach = margin * random.uniform(0.4, 1.3)
            draw.ellipse((x - reach, y - step, x + reach, y + step), fill=0)
    mask = mask.filter(ImageFilter.GaussianBlur(margin * 0.25))
    return Image.composite(image, Image.new("RGB", image.size, "#fdfaf3"), mask)
