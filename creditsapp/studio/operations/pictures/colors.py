"""The colours of a picture: a light of the day, or a hue that the prompt names."""

from dataclasses import dataclass
from random import Random

from coloraide import Color

from creditsapp.studio.operations.prompts import hues_of, words_of

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Light:
    """Colours from the top of the sky to the foreground."""

    name: str
    sky: tuple[RGB, ...]
    haze: RGB
    near: RGB
    orb: RGB
    petals: tuple[RGB, ...]

    @property
    def dark(self) -> bool:
        """Whether stars and lit windows show in it."""
        return self.name in ("night", "aurora", "space")


def rgb(value: str) -> RGB:
    """Return the channels of a hexadecimal colour."""
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def _light(name: str, sky: str, haze: str, near: str, orb: str, petals: str) -> Light:
    return Light(
        name,
        tuple(map(rgb, sky.split())),
        rgb(haze),
        rgb(near),
        rgb(orb),
        tuple(map(rgb, petals.split())),
    )


LIGHTS = {
    light.name: light
    for light in (
        _light("dawn", "#6d8ec4 #b9a9cf #f4bfb8 #fde0b8", "#e3b7b9", "#3a3558", "#fff1cf",
               "#f7a6b4 #fdd6a5 #d48bbf #fff0d9"),
        _light("day", "#3f8fd2 #7dbbe6 #c5e4f2 #eef6ee", "#b3d3dc", "#1f4a41", "#fffbe2",
               "#f2545b #ffc947 #ffffff #b86bd1"),
        _light("golden", "#e07a5f #f2a65a #f8cd7f #fdeebe", "#efb878", "#4a2b33", "#fffae0",
               "#ffd166 #ef6f6c #fff1d0 #f79d65"),
        _light("sunset", "#2f2a5e #8a3f7d #e5596a #ffb26b", "#d0646f", "#221a3c", "#ffe7a8",
               "#ff8c7a #ffc86b #e65c9c #ffe3b8"),
        _light("dusk", "#1d2852 #4a4a8a #9a76ab #eab1a8", "#8b7fb0", "#161a38", "#fdf0da",
               "#c99ae0 #f2b5c4 #8fa8ea #f6e2c8"),
        _light("night", "#070b22 #101c45 #233a72 #43629a", "#36558a", "#070c20", "#f5f1dc",
               "#7d92d9 #c7b7f0 #9fd0e8 #ece7ff"),
        _light("mist", "#8fa3ad #b3c2c6 #d3dcda #e9ece6", "#c4d0d0", "#2d3f44", "#fbf8ea",
               "#e2b4b4 #f0e2c0 #b9c7da #ffffff"),
        _light("storm", "#262f3d #465566 #74848f #b3b9b4", "#7c8b94", "#18212b", "#e3e6df",
               "#93a4c0 #c9c3d6 #d8d2b8 #b2c4c4"),
        _light("winter", "#7f9fc6 #aac3dd #d6e3ee #f4f2ee", "#c6d6e5", "#33506e", "#fff8e8",
               "#ffffff #d7e6f5 #f3c6c6 #bcd0ea"),
        _light("aurora", "#050a1c #0a1a34 #11404b #2b7c74", "#1e5560", "#040a16", "#e8fff2",
               "#6ff0c0 #9ad7ff #c9a7ff #e8fff2"),
        _light("space", "#05040f #0d0a25 #1d1243 #341b58", "#3a2464", "#06040f", "#f2d9b8",
               "#c59bff #7fd4ff #ff9ad1 #ffe6b0"),
    )
}  # fmt: skip

LIGHT_WORDS = {
    "dawn": "dawn", "sunrise": "dawn", "morning": "dawn", "spring": "dawn", "pastel": "dawn",
    "day": "day", "noon": "day", "summer": "day", "sunny": "day", "bright": "day",
    "golden": "golden", "autumn": "golden", "fall": "golden", "desert": "golden",
    "sunset": "sunset", "evening": "sunset", "volcano": "sunset", "tropical": "sunset",
    "dusk": "dusk", "twilight": "dusk", "lavender": "dusk", "dream": "dusk", "night": "night",
    "midnight": "night", "moon": "night", "moonlight": "night", "moonlit": "night",
    "star": "night", "starry": "night", "dark": "night", "mist": "mist", "misty": "mist",
    "fog": "mist", "foggy": "mist", "calm": "mist", "zen": "mist", "storm": "storm",
    "stormy": "storm", "rain": "storm", "rainy": "storm", "thunder": "storm", "winter": "winter",
    "snow": "winter", "snowy": "winter", "ice": "winter", "arctic": "winter", "aurora": "aurora",
    "northern": "aurora", "space": "space", "galaxy": "space", "planet": "space",
    "nebula": "space", "cosmos": "space", "universe": "space", "neon": "space",
}  # fmt: skip

# Words that name a thing to draw here, and so not the colour of the whole picture.
THINGS = frozenset(
    "sun sunny sea ocean water river sky forest jungle night midnight space galaxy garden desert "
    "sand sunset winter summer spring autumn fall golden ice grass leaf blossom".split()
)


def light_of(prompt: str, random: Random) -> Light:
    """Choose the light that the prompt speaks of, tinted by a colour that it names."""
    words = words_of(prompt)
    by_chance = random.choice(("dawn", "day", "golden", "sunset", "dusk", "mist"))
    named = next((LIGHT_WORDS[word] for word in words if word in LIGHT_WORDS), "")
    hues = hues_of([word for word in words if word not in THINGS])
    light = LIGHTS[named or by_chance]
    if hues and light.name != named:
        return _tinted(LIGHTS["dawn"], hues[0])
    return _tinted(light, hues[0]) if hues else light


def _tinted(light: Light, hue: float) -> Light:
    return Light(
        light.name,
        tuple(_toward(color, hue + 10 * i) for i, color in enumerate(light.sky)),
        _toward(light.haze, hue + 10),
        _toward(light.near, hue - 15),
        light.orb,
        light.petals,
    )


def _toward(color: RGB, hue: float) -> RGB:
    lightness, chroma, _ = Color("srgb", [c / 255 for c in color]).convert("oklch").coords()
    turned = Color("oklch", [lightness, max(chroma, 0.08), hue]).convert("srgb")
    return rgb(turned.fit(method="oklch-chroma").to_string(hex=True))


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Return a colour between two, `share` of the way."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
