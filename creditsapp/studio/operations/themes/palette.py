"""Palettes in OKLCH in which every text can be read on its background."""

from dataclasses import dataclass

from coloraide import Color

from creditsapp.studio.operations.prompts import chance, hues_of, words_of

MIN_CONTRAST = 4.5

PAIRS = (
    ("text", "background"),
    ("text", "surface"),
    ("muted", "background"),
    ("muted", "surface"),
    ("primary", "background"),
    ("primary", "surface"),
    ("on-primary", "primary"),
    ("accent", "background"),
    ("accent", "surface"),
    ("on-accent", "accent"),
    ("on-highlight", "highlight"),
)

CHROMAS = {
    "pastel": 0.075, "soft": 0.08, "gentle": 0.08, "baby": 0.075, "neon": 0.27, "electric": 0.25,
    "vivid": 0.22, "bright": 0.2, "bold": 0.2, "vibrant": 0.22, "candy": 0.19, "cyberpunk": 0.26,
    "retro": 0.11, "vintage": 0.08, "muted": 0.06, "calm": 0.08, "corporate": 0.12,
    "business": 0.12, "minimal": 0.035, "elegant": 0.06, "coffee": 0.07, "sage": 0.06,
    "grey": 0.012, "gray": 0.012, "mono": 0.012, "monochrome": 0.012, "black": 0.012,
    "white": 0.012, "slate": 0.03, "fog": 0.025, "stone": 0.02,
}  # fmt: skip

# The accent's distance from the primary hue.
HARMONIES = {
    "corporate": 35, "calm": 30, "minimal": 0, "monochrome": 0, "elegant": 25, "sunset": 310,
    "forest": 320, "ocean": 310, "neon": 100, "cyberpunk": 120, "playful": 120, "bold": 180,
    "night": 60, "retro": 150, "coffee": 100,
}  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """What a prompt asks for: two hues and a strength of colour."""

    hue: float
    accent_hue: float
    chroma: float


def seed_of(prompt: str) -> Seed:
    """Read the words that are known; leave the rest to chance, the same for the same prompt."""
    words, random = words_of(prompt), chance(prompt)
    hues = hues_of(words)
    shift = random.choice((30, 60, 120, 150, 180, 210, 300, 330))
    hue = hues[0] + random.uniform(-6, 6) if hues else random.uniform(0, 360)
    shift = next((HARMONIES[word] for word in words if word in HARMONIES), shift)
    accent = next((each for each in hues if 25 < abs(each - hue) < 335), hue + shift)
    chroma = random.uniform(0.12, 0.16)
    chroma = next((CHROMAS[word] for word in words if word in CHROMAS), chroma)
    return Seed(hue % 360, accent % 360, chroma)


def light_variant(seed: Seed) -> dict[str, str]:
    """Return the colours by role, as hexadecimal, for a light page."""
    return _variant(seed, dark=False)


def dark_variant(seed: Seed) -> dict[str, str]:
    """Return the colours by role, as hexadecimal, for a dark page."""
    return _variant(seed, dark=True)


def _variant(seed: Seed, *, dark: bool) -> dict[str, str]:
    tint = min(seed.chroma, 0.16)
    background = _hex(0.17 if dark else 0.985, tint * 0.17 if dark else tint * 0.06, seed.hue)
    surface = _hex(0.225 if dark else 0.95, tint * 0.22 if dark else tint * 0.16, seed.hue)
    pages = (background, surface)
    highlight = _hex(0.42 if dark else 0.86, seed.chroma, seed.accent_hue)
    primary = _readable(0.76 if dark else 0.52, seed.chroma, seed.hue, pages)
    accent = _readable(0.8 if dark else 0.5, seed.chroma, seed.accent_hue, pages)
    return {
        "background": background,
        "surface": surface,
        "border": _hex(0.38 if dark else 0.84, tint * 0.3, seed.hue),
        "text": _readable(0.94 if dark else 0.24, tint * 0.2, seed.hue, pages),
        "muted": _readable(0.75 if dark else 0.47, tint * 0.25, seed.hue, pages),
        "primary": primary,
        "on-primary": background,
        "accent": accent,
        "on-accent": background,
        "highlight": highlight,
        "on-highlight": _readable(
            0.95 if dark else 0.25, tint * 0.4, seed.accent_hue, (highlight,)
        ),
    }


def _readable(lightness: float, chroma: float, hue: float, backgrounds: tuple[str, ...]) -> str:
    step = -0.01 if Color(backgrounds[0]).luminance() > 0.18 else 0.01
    color = _hex(lightness, chroma, hue)
    while 0 < lightness < 1 and min(contrast(color, each) for each in backgrounds) < MIN_CONTRAST:
        lightness += step
        color = _hex(lightness, chroma, hue)
    return color


def _hex(lightness: float, chroma: float, hue: float) -> str:
    color = Color("oklch", [lightness, chroma, hue]).convert("srgb")
    return str(color.fit(method="oklch-chroma").to_string(hex=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    return Color(one).contrast(other, method="wcag21")
