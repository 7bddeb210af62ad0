"""Geometric compositions, for prompts that ask for one."""

import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw

from creditsapp.studio.operations.pictures.canvas import HEIGHT, WIDTH, gradient
from creditsapp.studio.operations.pictures.colors import RGB, Light, mix

TILE = 256


def paint_abstract(light: Light, random: Random) -> Image.Image:
    """Return a composition of rings, waves or tiles in the colours of the light."""
    kinds: tuple[Callable[[Light, Random], Image.Image], ...] = (_rings, _waves, _tiles)
    return random.choice(kinds)(light, random)


def _inks(light: Light) -> list[RGB]:
    return [*light.sky[:3], light.haze, light.near, *light.petals[:3]]


def _rings(light: Light, random: Random) -> Image.Image:
    image = gradient((mix(light.sky[-1], (255, 255, 255), 0.35), light.sky[-1]))
    inks = _inks(light)
    for index in range(13):
        radius = random.uniform(70, 380) * (1 - index / 22)
        x, y = random.uniform(0.08, 0.92) * WIDTH, random.uniform(0.08, 0.92) * HEIGHT
        box = (x - radius, y - radius, x + radius, y + radius)
        mask = Image.new("L", image.size)
        draw = ImageDraw.Draw(mask)
        kind, start = random.choice(("disc", "half", "ring", "ring")), random.randrange(0, 360, 45)
        if kind == "disc":
            draw.ellipse(box, fill=205)
        elif kind == "half":
            draw.pieslice(box, start, start + 180, fill=225)
        else:
            for part in range(3):
                inset = part * radius * 0.26
                ring = (box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset)
                draw.ellipse(ring, outline=230, width=round(radius * 0.09))
        image.paste(random.choice(inks), (0, 0), mask)
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        x, y = random.uniform(0, WIDTH), random.uniform(0, HEIGHT)
        angle, length = random.choice((0, 45, 90, 135)), random.uniform(300, 900)
        end = x + math.cos(math.radians(angle)) * length, y + math.sin(math.radians(angle)) * length
        draw.line((x, y, *end), fill=light.near, width=random.choice((5, 9, 16)))
    return image


def _waves(light: Light, random: Random) -> Image.Image:
    image = gradient(light.sky)
    inks = (*light.sky, light.petals[0], light.petals[1], light.haze, light.near)
    phase, speed = random.uniform(0, math.tau), random.uniform(0.7, 1.5)
    count = 15
    for index in range(count):
        base = HEIGHT * (0.1 + index / count)
        crest = [
            (
                x,
                base
                + 105 * math.sin(x / 330 * speed + phase + index * 0.42)
                + 42 * math.sin(x / 140 + phase * 2 - index * 0.6),
            )
            for x in range(0, WIDTH + 8, 8)
        ]
        place = index / (count - 1) * (len(inks) - 1)
        lower = min(int(place), len(inks) - 2)
        color = mix(inks[lower], inks[lower + 1], place - lower)
        draw = ImageDraw.Draw(image)
        draw.polygon([(0, HEIGHT), *crest, (WIDTH, HEIGHT)], fill=color)
        draw.line(crest, fill=mix(color, (255, 255, 255), 0.4), width=4)
    return image


def _tiles(light: Light, random: Random) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    inks = _inks(light)
    for top in range(0, HEIGHT, TILE):
        for left in range(0, WIDTH, TILE):
            back, front, third = random.sample(inks, 3)
            draw.rectangle((left, top, left + TILE, top + TILE), fill=back)
            _motif(draw, left, top, front, third, random)
    return image


def _motif(
    draw: ImageDraw.ImageDraw, left: int, top: int, front: RGB, third: RGB, random: Random
) -> None:
    right, bottom, half = left + TILE - 1, top + TILE - 1, TILE // 2
    kind = random.randrange(5)
    if kind == 0:
        # A quarter disc: the slice of a disc around one corner that lies in this tile.
        corner = random.randrange(4)
        x, y = (left, right, right, left)[corner], (top, top, bottom, bottom)[corner]
        for radius, ink in ((TILE - 1, front), (half, third)):
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.pieslice(box, corner * 90, corner * 90 + 90, fill=ink)
    elif kind == 1:
        draw.ellipse((left + 24, top + 24, right - 24, bottom - 24), fill=front)
        draw.ellipse((left + 84, top + 84, right - 84, bottom - 84), fill=third)
    elif kind == 2:
        flip = random.random() < 0.5
        ends = ((left, top), (right, bottom)) if flip else ((right, top), (left, bottom))
        draw.polygon((*ends, (left, bottom) if flip else (right, bottom)), fill=front)
    elif kind == 3:
        for stripe in range(4):
            y = top + stripe * TILE // 4
            draw.rectangle((left, y, right, y + TILE // 8), fill=front)
    else:
        draw.pieslice((left, top - half, right, top + half), 0, 180, fill=front)
        draw.pieslice((left, top + half, right, bottom + half), 180, 360, fill=third)
