"""Water with what it mirrors, and a boat on it."""

import math
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from creditsapp.studio.operations.pictures.canvas import HEIGHT, WIDTH, gradient, soft_shapes
from creditsapp.studio.operations.pictures.colors import Light, mix


def paint_water(image: Image.Image, light: Light, random: Random, horizon: float) -> None:
    """Mirror what is above the horizon in moving water."""
    top, depth = round(horizon), HEIGHT - round(horizon)
    mirror = image.crop((0, max(0, top - depth), WIDTH, top))
    mirror = mirror.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((WIDTH, depth))
    mirror = mirror.filter(ImageFilter.GaussianBlur(5))
    white = (255, 255, 255)
    tint = gradient((mix(white, light.sky[0], 0.25), mix(white, light.sky[0], 0.7)), depth)
    mirror = ImageChops.multiply(mirror, tint)
    # Rows shifted sideways, more toward the viewer, look like waves.
    step = 4
    for y in range(0, depth, step):
        near = y / depth
        shift = math.sin(y * 0.55 / (0.5 + near * 2.4)) * (3 + 26 * near) + random.uniform(-3, 3)
        row = mirror.crop((0, y, WIDTH, y + step))
        image.paste(row, (0, top + y))
        image.paste(row, (round(shift), top + y))
    _ripples(image, light, random, top)


def _ripples(image: Image.Image, light: Light, random: Random, top: int) -> None:
    layer = image.copy()
    draw = ImageDraw.Draw(layer)
    for _ in range(170):
        near = random.random() ** 1.4
        y, x = top + 6 + near * (HEIGHT - top), random.uniform(-100, WIDTH)
        length = random.uniform(30, 90) * (0.5 + near * 2.2)
        color = light.sky[-1] if random.random() < 0.6 else mix(light.near, light.sky[0], 0.5)
        draw.line((x, y, x + length, y), fill=color, width=round(2 + near * 3))
    image.paste(Image.blend(image, layer, 0.3))


def paint_boat(image: Image.Image, light: Light, random: Random, horizon: float) -> None:
    """Set a sailing boat on the water."""
    x, y = random.uniform(0.25, 0.75) * WIDTH, horizon + (HEIGHT - horizon) * 0.3
    size = random.uniform(110, 150)
    draw = ImageDraw.Draw(image)
    sail, hull = mix(light.orb, light.haze, 0.2), light.near
    draw.polygon(
        ((x, y - size * 1.9), (x, y - size * 0.2), (x + size * 0.85, y - size * 0.2)), fill=sail
    )
    other = mix(sail, light.haze, 0.5)
    draw.polygon(
        ((x - 10, y - size * 1.6), (x - 10, y - size * 0.2), (x - size * 0.6, y - size * 0.2)),
        fill=other,
    )
    draw.line((x - 5, y - size * 2, x - 5, y), fill=hull, width=6)
    deck, keel = y - size * 0.1, y + size * 0.2
    sides = ((x - size * 0.9, deck), (x + size, deck), (x + size * 0.65, keel))
    draw.polygon((*sides, (x - size * 0.6, keel)), fill=hull)
    shadow = [(x - size * 0.8, y + size * 0.2, x + size * 0.9, y + size * 0.42)]
    soft_shapes(image, shadow, hull, 0.5, 18)
