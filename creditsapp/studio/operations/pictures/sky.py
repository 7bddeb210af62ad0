"""Everything above the horizon: light, stars, sun and moon, clouds, planets, aurora."""

import math
from random import Random

from PIL import Image, ImageDraw

from creditsapp.studio.operations.pictures.canvas import (
    HEIGHT,
    WIDTH,
    disc,
    glow,
    gradient,
    soft_shapes,
)
from creditsapp.studio.operations.pictures.colors import Light, mix


def paint_sky(light: Light, motifs: set[str], random: Random, horizon: float) -> Image.Image:
    """Return a canvas with the sky, down to the bottom edge."""
    image = Image.new("RGB", (WIDTH, HEIGHT), light.sky[-1])
    image.paste(gradient(light.sky, round(horizon * 1.04)), (0, 0))
    if light.dark or "stars" in motifs:
        _stars(image, random, horizon)
    if light.name == "aurora":
        _aurora(image, light, random)
    if light.name == "space" or "planet" in motifs:
        _nebula(image, light, random)
        _planet(image, light, random)
    elif light.name != "storm" or "sun" in motifs or "moon" in motifs:
        _orb(image, light, motifs, random, horizon)
    if "clouds" in motifs or (not light.dark and light.name != "mist" and random.random() < 0.75):
        _clouds(image, light, random, horizon, many="clouds" in motifs)
    return image


def _stars(image: Image.Image, random: Random, horizon: float) -> None:
    for _ in range(420):
        x, y = random.uniform(0, WIDTH), random.uniform(0, 1) ** 1.5 * horizon
        bright = random.random() ** 3
        below = image.getpixel((min(int(x), WIDTH - 1), min(int(y), HEIGHT - 1)))
        assert isinstance(below, tuple)
        color = mix((below[0], below[1], below[2]), (255, 250, 235), 0.35 + 0.65 * bright)
        disc(image, (x, y), 1.2 + 2.6 * bright, color)
        if bright > 0.8:
            glow(image, (x, y), 26, color, 0.5)


def _orb(
    image: Image.Image, light: Light, motifs: set[str], random: Random, horizon: float
) -> None:
    moon = "moon" in motifs or (light.dark and "sun" not in motifs)
    low = light.name in ("dawn", "golden", "sunset")
    x = WIDTH * random.choice((random.uniform(0.2, 0.4), random.uniform(0.6, 0.8)))
    y = horizon * (random.uniform(0.66, 0.86) if low else random.uniform(0.22, 0.42))
    radius = random.uniform(84, 128) if low or moon else random.uniform(64, 92)
    glow(image, (x, y), radius * 8, light.orb, 0.34)
    glow(image, (x, y), radius * 3.2, light.orb, 0.6)
    disc(image, (x, y), radius, light.orb)
    if moon:
        for _ in range(7):
            angle, distance = random.uniform(0, math.tau), random.uniform(0, 0.68) * radius
            place = x + math.cos(angle) * distance, y + math.sin(angle) * distance
            size = radius * random.uniform(0.06, 0.2)
            disc(image, place, size, mix(light.orb, light.sky[-1], random.uniform(0.1, 0.2)))


def _clouds(
    image: Image.Image, light: Light, random: Random, horizon: float, *, many: bool
) -> None:
    color = mix(light.orb, light.sky[-2], 0.7 if light.name == "storm" else 0.25)
    for _ in range(9 if many else 4):
        x, y = random.uniform(-100, WIDTH), random.uniform(0.12, 0.72) * horizon
        width = random.uniform(260, 620)
        puffs = []
        for _ in range(12):
            at = random.uniform(0, 1)
            rise = math.sin(at * math.pi) * width * 0.11 + 14
            left = x + at * width
            size = random.uniform(0.6, 1.3) * rise
            puffs.append((left - size * 1.9, y - size, left + size * 1.9, y + size * 0.32))
        soft_shapes(image, puffs, color, random.uniform(0.55, 0.85), 15)


def _aurora(image: Image.Image, light: Light, random: Random) -> None:
    for color in light.petals[:3]:
        phase, base = random.uniform(0, math.tau), random.uniform(0.3, 0.5) * HEIGHT
        curtain = []
        for x in range(-40, WIDTH + 40, 26):
            y = base + 90 * math.sin(x / 310 + phase) + 46 * math.sin(x / 120 + phase * 2)
            tall = 250 + 130 * math.sin(x / 170 + phase * 3)
            curtain.append((x - 24, y - tall, x + 24, y + 30))
        soft_shapes(image, curtain, color, 0.4, 44)


def _nebula(image: Image.Image, light: Light, random: Random) -> None:
    for color in light.petals[:3]:
        x, y = random.uniform(0.1, 0.9) * WIDTH, random.uniform(0.1, 0.6) * HEIGHT
        blobs = []
        for _ in range(22):
            size = random.uniform(50, 190)
            left, top = x + random.gauss(0, 330), y + random.gauss(0, 120)
            blobs.append((left - size * 1.5, top - size, left + size * 1.5, top + size))
        soft_shapes(image, blobs, color, 0.2, 80)


def _planet(image: Image.Image, light: Light, random: Random) -> None:
    radius = random.randint(150, 250)
    x, y = round(random.uniform(0.25, 0.75) * WIDTH), round(random.uniform(0.28, 0.42) * HEIGHT)
    body, size = random.choice(light.petals), radius * 2
    ringed, tilt = random.random() < 0.7, random.uniform(-0.4, 0.4)
    bands = (mix(body, light.orb, 0.6), body, mix(body, light.near, 0.5), body)
    globe = gradient(bands, size).crop((0, 0, size, size))
    globe = globe.rotate(25, Image.Resampling.BICUBIC, fillcolor=body)
    shade = Image.radial_gradient("L").resize((size * 2, size * 2))
    corner = round(size * 0.68)
    shade = shade.crop((corner, corner, corner + size, corner + size))
    globe.paste(light.near, (0, 0), shade.point([min(255, v * 5 // 4) for v in range(256)]))
    outline = Image.new("L", (size, size))
    ImageDraw.Draw(outline).ellipse((0, 0, size - 1, size - 1), fill=255)
    glow(image, (x, y), radius * 2.2, body, 0.4)
    image.paste(globe, (x - radius, y - radius), outline)
    if ringed:
        _ring(image, (x, y), radius, mix(body, light.orb, 0.7), tilt)


def _ring(
    image: Image.Image,
    center: tuple[int, int],
    radius: int,
    color: tuple[int, int, int],
    tilt: float,
) -> None:
    half = radius * 2
    mask = Image.new("L", (half * 2, half * 2))
    draw = ImageDraw.Draw(mask)
    for share, opacity, width in ((0.98, 150, 22), (0.86, 215, 34), (0.76, 110, 12)):
        reach, flat = half * share, half * share * 0.24
        box = (half - reach, half - flat, half + reach, half + flat)
        draw.ellipse(box, outline=opacity, width=width)
    globe = (half - radius + 4, half - radius, half + radius - 4, half + radius)
    draw.pieslice(globe, 180, 360, fill=0)
    mask = mask.rotate(math.degrees(tilt), Image.Resampling.BICUBIC)
    image.paste(color, (center[0] - half, center[1] - half), mask)
