"""Which things a prompt asks to see."""

from random import Random

from creditsapp.studio.operations.prompts import words_of

MOTIFS = {
    "abstract": "abstract geometric geometry pattern shape circle square modern bauhaus cubism",
    "water": "sea ocean lake river water beach coast bay island harbour harbor fjord wave "
    "reflection boat ship sail sailing lagoon",
    "boat": "boat ship sail sailing yacht harbour harbor",
    "mountains": "mountain mount peak alp alpine summit volcano fjord everest rocky cliff",
    "forest": "forest tree wood woods pine fir jungle woodland christmas nature taiga",
    "city": "city town skyline street skyscraper building urban downtown metropolis cyberpunk "
    "manhattan tokyo london paris",
    "dunes": "desert dune sand sahara beach mars",
    "flowers": "flower meadow garden spring bloom blossom rose tulip lavender field poppy daisy",
    "sun": "sun sunny sunset sunrise",
    "moon": "moon moonlight moonlit",
    "stars": "star starry starlight",
    "planet": "planet saturn jupiter mars alien",
    "clouds": "cloud cloudy storm stormy rain rainy overcast",
    "birds": "bird seagull gull swallow crow eagle",
}

_BY_WORD = {
    word: {each for each, words in MOTIFS.items() if word in words.split()}
    for word in " ".join(MOTIFS.values()).split()
}

GROUNDS = ({"mountains"}, {"water"}, {"forest"}, {"flowers"}, {"dunes"}, {"mountains", "water"},
           {"mountains", "forest"}, {"abstract"})  # fmt: skip


def motifs_of(prompt: str, random: Random) -> set[str]:
    """Return the motifs that the words name, with a ground by chance where none is named."""
    by_chance = random.choice(GROUNDS)
    motifs = set().union(*(_BY_WORD.get(word, set()) for word in words_of(prompt)))
    if not motifs & {"abstract", "water", "mountains", "forest", "city", "dunes", "flowers"}:
        motifs |= by_chance - ({"abstract"} if motifs else set())
    return motifs
