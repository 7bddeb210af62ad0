"""Everything below the sky: mountains, hills, dunes, water, and what stands on them."""

import math
from random import Random

from PIL import Image, ImageDraw

from creditsapp.studio.operations.pictures.canvas import (
    HEIGHT,
    WIDTH,
    Points,
    disc,
    fill_below,
    glow,
    height_at,
    ridge,
    soft_shapes,
)
from creditsapp.studio.operations.pictures.colors import RGB, Light, mix
from creditsapp.studio.operations.pictures.water import paint_boat, paint_water


def paint_land(
    image: Image.Image, light: Light, motifs: set[str], random: Random, horizon: float
) -> None:
    """Paint layer after layer, from the haze at the horizon to the dark foreground."""
    water = "water" in motifs
    far_end = horizon if water else HEIGHT * 0.8
    layers = 3 if water else 5
    for index in range(layers):
        depth = (index + 0.4) / layers * (0.7 if water else 0.86)
        base = horizon - 30 + (far_end - horizon + 30) * index / layers
        _layer(image, light, motifs, random, base, depth)
    if water:
        paint_water(image, light, random, horizon)
        if "boat" in motifs:
            paint_boat(image, light, random, horizon)
    if "birds" in motifs or (not light.dark and random.random() < 0.5):
        _birds(image, light, random, horizon)
    _foreground(image, light, motifs, random, low=water)


def _layer(
    image: Image.Image, light: Light, motifs: set[str], random: Random, base: float, depth: float
) -> None:
    color = mix(light.haze, light.near, depth)
    foot = mix(color, light.haze, 0.5)
    if "city" in motifs:
        _city(image, light, random, base + 60, color, depth)
        return
    if "mountains" in motifs and depth < 0.62:
        line = ridge(random, base - 60 - 180 * (0.6 - depth), 520 * (1 - depth * 1.1), 0.92)
    elif "dunes" in motifs:
        line = ridge(random, base + 20, 170, 0.0)
    else:
        line = ridge(random, base, 190, 0.3)
    fill_below(image, line, color, foot)
    if "mountains" in motifs and depth < 0.5:
        _snowcaps(image, line, light, base)
    if "forest" in motifs and depth > 0.12:
        _trees(image, line, random, mix(color, light.near, 0.25), 30 + 130 * depth)
    mist = [(x, base + 60, x + 700, base + 190) for x in range(-300, WIDTH, 420)]
    soft_shapes(image, mist, light.haze, 0.3, 60)


def _snowcaps(image: Image.Image, line: Points, light: Light, base: float) -> None:
    top = min(y for _, y in line)
    snow_line = top + (base - top) * 0.3
    lower = [(x, snow_line + 22 * math.sin(x / 23) + 14 * math.sin(x / 9)) for x, _ in line]
    mask = Image.new("L", image.size)
    draw = ImageDraw.Draw(mask)
    body = [(x, max(y, snow)) for (x, y), (_, snow) in zip(line, lower, strict=True)]
    draw.polygon([*line, *reversed(body)], fill=190)
    image.paste(mix(light.orb, light.haze, 0.3), (0, 0), mask)


def _trees(image: Image.Image, line: Points, random: Random, color: RGB, height: float) -> None:
    draw = ImageDraw.Draw(image)
    x = random.uniform(-20, 10)
    while x < WIDTH + 20:
        tall = height * random.uniform(0.6, 1.25)
        pine(draw, x, height_at(line, x) + 8, tall, color)
        x += tall * random.uniform(0.2, 0.46)


def pine(draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float, color: RGB) -> None:
    """Draw a fir of stacked boughs."""
    draw.rectangle((x - tall * 0.02, foot - tall * 0.2, x + tall * 0.02, foot), fill=color)
    for bough in range(5):
        top = foot - tall + bough * tall * 0.15
        half, drop = tall * (0.07 + bough * 0.042), tall * (0.2 + bough * 0.012)
        draw.polygon(((x, top), (x - half, top + drop), (x + half, top + drop)), fill=color)


def _city(
    image: Image.Image, light: Light, random: Random, base: float, color: RGB, depth: float
) -> None:
    draw = ImageDraw.Draw(image)
    lit = mix((255, 214, 130), light.haze, 0.45 - 0.4 * depth)
    glowing = 0.5 if light.dark else 0.3 if light.name in ("dusk", "sunset") else 0.05
    x = random.uniform(-80, -20)
    while x < WIDTH:
        width = random.uniform(70, 150) * (0.7 + depth * 0.6)
        tall = random.uniform(110, 430) * (0.9 if random.random() < 0.8 else 1.35)
        top = base - tall * (1 - depth * 0.35)
        shade = mix(color, light.near, random.uniform(0, 0.16))
        draw.rectangle((x, top, x + width, HEIGHT), fill=shade)
        if random.random() < 0.3:
            draw.rectangle((x + width * 0.2, top - 34, x + width * 0.8, top), fill=shade)
        if random.random() < 0.2:
            draw.line((x + width / 2, top - 100, x + width / 2, top), fill=shade, width=5)
        if depth > 0.2:
            dim = mix(shade, light.near, 0.35)
            for row in range(round(top) + 16, HEIGHT, 30):
                for column in range(round(x) + 12, round(x + width) - 16, 24):
                    window = lit if random.random() < glowing else dim
                    draw.rectangle((column, row, column + 9, row + 14), fill=window)
        x += width + random.choice((0, 0, 6, 26))
    haze = [(x, base - 10, x + 700, base + 260) for x in range(-300, WIDTH, 420)]
    soft_shapes(image, haze, light.haze, 0.3 * (1 - depth), 60)


def _birds(image: Image.Image, light: Light, random: Random, horizon: float) -> None:
    draw = ImageDraw.Draw(image)
    x, y = random.uniform(0.2, 0.7) * WIDTH, random.uniform(0.2, 0.5) * horizon
    color = mix(light.near, light.haze, 0.25)
    for _ in range(random.randint(4, 8)):
        left, top, span = x + random.gauss(0, 150), y + random.gauss(0, 60), random.uniform(18, 34)
        draw.arc((left - span * 2, top, left, top + span), 200, 350, fill=color, width=5)
        draw.arc((left, top, left + span * 2, top + span), 190, 340, fill=color, width=5)


def _foreground(
    image: Image.Image, light: Light, motifs: set[str], random: Random, *, low: bool
) -> None:
    if "city" in motifs and not low:
        return
    foot = HEIGHT * (0.97 if low else 0.8 if "flowers" in motifs else 0.9)
    line = ridge(random, foot, 120, 0.1)
    fill_below(image, line, mix(light.haze, light.near, 0.9), light.near)
    draw = ImageDraw.Draw(image)
    if "dunes" not in motifs:
        _grass(draw, line, light, random)
    if "flowers" in motifs:
        _flowers(image, line, light, random)
    if "forest" in motifs:
        for x in (random.uniform(40, 260), random.uniform(WIDTH - 300, WIDTH - 60)):
            pine(draw, x, height_at(line, x) + 20, random.uniform(480, 700), light.near)


def _grass(draw: ImageDraw.ImageDraw, line: Points, light: Light, random: Random) -> None:
    for x in range(-10, WIDTH, 5):
        foot, tall = height_at(line, x) + 10, random.uniform(14, 50)
        lean, color = (
            random.uniform(-16, 16),
            mix(light.near, light.haze, random.uniform(0.05, 0.2)),
        )
        draw.polygon(((x - 3, foot), (x + 3, foot), (x + lean, foot - tall)), fill=color)


def _flowers(image: Image.Image, line: Points, light: Light, random: Random) -> None:
    draw = ImageDraw.Draw(image)
    for index in range(190):
        near = index / 190
        x = random.uniform(0, WIDTH)
        foot = height_at(line, x) + 20 + near * 260
        tall, size = random.uniform(30, 70) + 90 * near, 6 + 20 * near
        head = foot - tall
        lean = random.uniform(-14, 14)
        stem = mix(light.near, light.haze, 0.22)
        draw.line((x, foot + 30, x + lean, head), fill=stem, width=4)
        color = random.choice(light.petals)
        turn = random.uniform(0, math.tau)
        for petal in range(6):
            angle = turn + petal * math.tau / 6
            place = x + lean + math.cos(angle) * size, head + math.sin(angle) * size * 0.8
            disc(image, place, size * 0.62, mix(color, light.near, 0.06 * (petal % 3)))
        disc(image, (x + lean, head), size * 0.5, mix((255, 205, 90), light.near, 0.1))
        if near > 0.9:
            glow(image, (x + lean, head), size * 3, color, 0.25)
