import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditsapp.studio.operations import OPERATIONS
from creditsapp.studio.operations.pictures.colors import LIGHT_WORDS, THINGS, light_of
from creditsapp.studio.operations.pictures.motifs import MOTIFS, motifs_of
from creditsapp.studio.operations.prompts import HUES, chance, hues_of, words_of
from creditsapp.studio.operations.themes.palette import CHROMAS, HARMONIES, seed_of
from creditsapp.studio.operations.themes.stylesheet import read_stylesheet

KNOWN = sorted(
    {*HUES, *LIGHT_WORDS, *THINGS, *CHROMAS, *HARMONIES, *" ".join(MOTIFS.values()).split()}
)

ALSO_GERMAN = (
    "see seen rot rote hell fall still tag star stern boot bank strand stein berg bergen tone "
    "sandstone undertones under sage matter moose Oliver Einstein Goldberg Goldblum Bernstein "
    "Rosa Lila Kiefer Bach Steiner Walden kindergarten edelweiss hamburger uber fur mist MIT "
    "Pinkerton rotund roster fallen banker alter gross"
).split()

PLAIN = "I am the in a an of with and at on by over die war art den was so im oil painting".split()


def motifs(prompt):
    return motifs_of(prompt, chance(prompt))


def light(prompt):
    return light_of(prompt, chance(prompt)).name


def in_english(prompt):
    words = re.findall(r"[^\W\d_]+", prompt.casefold())
    return [form for word in words for form in (word, word.removesuffix("s"))]


class TestGerman:
    @pytest.mark.parametrize(
        ("prompt", "seen"),
        [
            ("Eine Stadt bei Nacht unter den Sternen", {"city", "stars"}),
            ("Verschneite Berge an einem See im Morgengrauen", {"mountains", "water"}),
            ("Segelboote vor der Meeresküste", {"boat", "water"}),
            ("Rosen und Tulpen in alten Gärten", {"flowers"}),
            ("Nebliger Tannenwald", {"forest"}),
            ("Sanddünen in der Wüste", {"dunes"}),
            ("Möwen über Hochhäusern, dazu der Vollmond", {"birds", "city", "moon"}),
            ("Ein abstraktes Muster aus Kreisen", {"abstract"}),
            ("BERGSEE", {"mountains", "water"}),
        ],
    )
    def test_a_picture_shows_what_a_german_prompt_names(self, prompt, seen):
        assert motifs(prompt) == seen

    @pytest.mark.parametrize(
        ("prompt", "name"),
        [
            ("Der Wald im Abendrot", "sunset"),
            ("Nächtliche Straßen", "night"),
            ("Ein Sommertag am Strand", "day"),
            ("Herbstliche Wälder", "golden"),
            ("Dichter Nebel zwischen den Tannen", "mist"),
            ("stürmisches Meer", "storm"),
            ("Polarlichter im Winter", "aurora"),
            ("Planeten im Weltraum", "space"),
        ],
    )
    def test_a_picture_has_the_light_that_a_german_prompt_names(self, prompt, name):
        assert light(prompt) == name

    @pytest.mark.parametrize(
        ("prompt", "low", "high"),
        [
            ("ein tiefer Ozean", 225, 245),
            ("roter Mond", 20, 35),
            ("Rote Rosen", 20, 35),
            ("grünes Moos", 135, 155),
            ("dunkelblaue Eleganz", 250, 266),
            ("Fliederfarben", 300, 316),
            ("Erdtöne", 62, 78),
        ],
    )
    def test_a_theme_has_the_hue_that_a_german_prompt_names(self, prompt, low, high):
        assert low <= seed_of(prompt).hue <= high

    def test_a_german_mood_gives_its_strength_of_colour_and_its_harmony(self):
        assert seed_of("ein sanftes Blau").chroma < 0.1 < 0.2 < seed_of("ein grelles Blau").chroma
        playful = seed_of("ein verspieltes Blau")
        assert (playful.accent_hue - playful.hue) % 360 == pytest.approx(120)

    def test_the_second_colour_that_a_german_prompt_names_is_the_accent(self):
        assert hues_of(words_of("Türkis und Gold")) == hues_of(words_of("turquoise and gold"))

    @pytest.mark.parametrize(
        "prompt",
        ["grune Wuste", "gruene Wueste", unicodedata.normalize("NFD", "grüne Wüste")],
        ids=["without", "e", "decomposed"],
    )
    def test_umlauts_may_be_written_in_every_way(self, prompt):
        assert words_of(prompt) == words_of("grüne Wüste") == ["green", "desert"]

    def test_english_words_are_known_in_a_german_prompt(self):
        assert motifs("Eine Skyline im Cyberpunk-Stil") == {"city"}

    def test_an_english_word_that_means_something_else_in_german_is_read_as_german(self):
        assert hues_of(words_of("Eine Bank, auf jeden Fall")) == []

    @pytest.mark.parametrize("name", ["theme_generation", "image_generation"])
    def test_a_german_prompt_gives_the_same_bytes_again(self, name):
        each = OPERATIONS[name]
        once, again = (each.run(**each.read({"prompt": "Ein Bergsee im Herbst"})) for _ in "ab")
        assert once == again

    def test_a_theme_of_a_german_word_has_its_colour_in_the_stylesheet(self):
        each = OPERATIONS["theme_generation"]
        css = each.run(**each.read({"prompt": "ein rubinrotes, edles Thema"})).content.decode()
        primary = read_stylesheet(css)[0]["primary"]
        red, green, blue = (int(primary[i : i + 2], 16) for i in (1, 3, 5))
        assert red > max(green, blue)


class TestEnglish:
    @pytest.mark.parametrize("word", [*KNOWN, *ALSO_GERMAN])
    def test_a_word_is_read_as_it_stands(self, word):
        for prompt in (word, f"{word}s", word.title(), f"The {word} is seen at last"):
            assert words_of(prompt) == in_english(prompt)

    @given(st.lists(st.sampled_from(KNOWN + ALSO_GERMAN + PLAIN), min_size=1, max_size=12))
    def test_a_sentence_is_read_as_it_stands(self, words):
        assert words_of(" ".join(words)) == in_english(" ".join(words))

    def test_words_that_are_german_too_add_nothing_to_a_picture(self):
        assert "water" not in motifs("See a city at night")
        assert "boat" not in motifs("A boot in a city")
        assert motifs("A tower of stein and hell, a town") == {"city"}

    def test_themes_and_pictures_of_long_ago_are_the_same(self):
        ocean = seed_of("A calm ocean at sunset")
        assert (ocean.hue, ocean.accent_hue, ocean.chroma) == (240.87847638263688, 45, 0.08)
        lake = "Snowy mountains by a lake at dawn"
        assert (light(lake), motifs(lake)) == ("winter", {"mountains", "water"})
