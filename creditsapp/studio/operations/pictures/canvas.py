"""Drawing that Pillow lacks: gradients, glows, ridges, at twice the size for smooth edges."""

import math
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from creditsapp.studio.operations.pictures.colors import RGB, mix

WIDTH, HEIGHT = 2048, 1280
Points = list[tuple[float, float]]


def gradient(stops: tuple[RGB, ...], height: int = HEIGHT) -> Image.Image:
    """Return a picture that runs through the colours from top to bottom."""
    column = Image.new("RGB", (1, height))
    for y in range(height):
        place = y / max(height - 1, 1) * (len(stops) - 1)
        index = min(int(place), len(stops) - 2)
        column.putpixel((0, y), mix(stops[index], stops[index + 1], place - index))
    return column.resize((WIDTH, height))


def glow(
    image: Image.Image, center: tuple[float, float], radius: float, color: RGB, strength: float
) -> None:
    """Lay a soft round light over the picture."""
    size = round(radius * 2)
    # Pillow's gradient is 0 in the middle, 181 at the sides and 255 only in the corners.
    fade = [round(max(0, 1 - v / 180) ** 2 * 255 * strength) for v in range(256)]
    mask = Image.radial_gradient("L").resize((size, size)).point(fade)
    corner = round(center[0] - radius), round(center[1] - radius)
    image.paste(color, (corner[0], corner[1], corner[0] + size, corner[1] + size), mask)


def disc(image: Image.Image, center: tuple[float, float], radius: float, color: RGB) -> None:
    """Draw a filled circle."""
    x, y = center
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def soft_shapes(
    image: Image.Image,
    ellipses: Sequence[tuple[float, float, float, float]],
    color: RGB,
    opacity: float,
    blur: float,
) -> None:
    """Lay blurred ellipses over the picture, as for clouds and mist."""
    # Drawn at an eighth of the size, because what is blurred needs no detail.
    mask = Image.new("L", (WIDTH // 8, HEIGHT // 8))
    draw = ImageDraw.Draw(mask)
    for left, top, right, bottom in ellipses:
        draw.ellipse((left / 8, top / 8, right / 8, bottom / 8), fill=round(255 * opacity))
    mask = mask.filter(ImageFilter.GaussianBlur(blur / 8)).resize(
        image.size, Image.Resampling.BICUBIC
    )
    image.paste(color, (0, 0, WIDTH, HEIGHT), mask)


def ridge(random: Random, base: float, height: float, roughness: float) -> Points:
    """Return a skyline by midpoint displacement: 0 is smooth as a dune, 1 jagged as a peak."""
    line = [random.uniform(-0.5, 0.5) for _ in range(5)]
    spread = 0.5
    while len(line) < 513:
        spread *= 0.32 + 0.26 * roughness
        middles = [
            (a + b) / 2 + random.uniform(-spread, spread)
            for a, b in zip(line, line[1:], strict=False)
        ]
        line = [v for pair in zip(line, middles, strict=False) for v in pair] + line[-1:]
        if roughness < 0.5:
            line = _smooth(line)
    step = WIDTH / (len(line) - 1)
    return [(i * step, base - v * height) for i, v in enumerate(line)]


def _smooth(line: list[float]) -> list[float]:
    padded = [line[0], *line, line[-1]]
    return [sum(padded[i : i + 3]) / 3 for i in range(len(line))]


def fill_below(image: Image.Image, line: Points, top: RGB, bottom: RGB) -> None:
    """Fill everything below a skyline with a gradient."""
    highest = max(0, math.floor(min(y for _, y in line)))
    if highest >= HEIGHT - 1:
        return
    mask = Image.new("L", (WIDTH, HEIGHT - highest))
    shape = [(0, HEIGHT), *((x, y - highest) for x, y in line), (WIDTH, HEIGHT)]
    ImageDraw.Draw(mask).polygon(shape, fill=255)
    image.paste(gradient((top, bottom), HEIGHT - highest), (0, highest), mask)


def height_at(line: Points, x: float) -> float:
    """Return where a skyline is at a horizontal place."""
    index = min(max(round(x / WIDTH * (len(line) - 1)), 0), len(line) - 1)
    return line[index][1]
