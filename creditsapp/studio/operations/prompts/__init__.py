"""How prompts are read: their words, the colours that the words mean, and a repeatable chance."""

import random
import re
import unicodedata

from creditsapp.studio.operations.prompts.german import is_german, meanings_of

HUES = {
    "red": 27, "crimson": 20, "ruby": 18, "cherry": 15, "brick": 35, "rust": 42, "fire": 38,
    "lava": 33, "mars": 38, "coral": 35, "peach": 55, "salmon": 35, "terracotta": 42,
    "orange": 55, "pumpkin": 58, "sunset": 45, "autumn": 55, "fall": 55, "amber": 75,
    "copper": 50, "coffee": 58, "espresso": 55, "chocolate": 50, "mocha": 55, "brown": 60,
    "caramel": 68, "wood": 62, "leather": 55, "earth": 70, "desert": 72, "sand": 80,
    "honey": 80, "gold": 85, "golden": 85, "yellow": 100, "lemon": 105, "sun": 85, "sunny": 92,
    "summer": 90, "lime": 125, "olive": 115, "moss": 125, "grass": 138, "spring": 135,
    "green": 145, "leaf": 142, "forest": 150, "nature": 145, "garden": 142, "jungle": 148,
    "emerald": 160, "jade": 165, "mint": 168, "sage": 140, "teal": 190, "turquoise": 190,
    "cyan": 205, "aqua": 200, "lagoon": 200, "ice": 220, "winter": 235, "glacier": 220,
    "sky": 235, "ocean": 235, "sea": 225, "water": 230, "marine": 245, "river": 225,
    "blue": 258, "azure": 248, "cobalt": 262, "navy": 265, "corporate": 255, "bank": 255,
    "business": 255, "sapphire": 264, "denim": 258, "night": 275, "midnight": 275,
    "indigo": 280, "space": 285, "galaxy": 295, "violet": 295, "lavender": 300, "lilac": 308,
    "neon": 325, "cyberpunk": 320, "purple": 305, "grape": 315, "plum": 330, "berry": 350,
    "magenta": 330, "fuchsia": 335,
    "pink": 355, "rose": 5, "blossom": 358, "sakura": 358, "flamingo": 5, "wine": 12,
    "romance": 8, "love": 12,
}  # fmt: skip


def words_of(prompt: str) -> list[str]:
    """Return the words of a prompt in lower case, plurals also in their singular.

    The words of a German prompt are returned in English where they are known.
    """
    composed = _split(unicodedata.normalize("NFC", prompt))
    if is_german(composed):
        return [form for word in composed for form in meanings_of(word) or _forms(word)]
    return [form for word in _split(prompt) for form in _forms(word)]


def _split(prompt: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", prompt.casefold())


def _forms(word: str) -> list[str]:
    return [word, word.removesuffix("s")]


def hues_of(words: list[str]) -> list[int]:
    """Return the hues that the words name, in degrees of OKLCH, each once and in order."""
    return list(dict.fromkeys(HUES[word] for word in words if word in HUES))


def chance(prompt: str) -> random.Random:
    """Return a source of chance that is the same for the same prompt."""
    return random.Random(prompt)
