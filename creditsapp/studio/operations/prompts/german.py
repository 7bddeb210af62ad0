"""German prompts, read in the English words that the tables of colours and things know."""

import re

# Stems by meaning; with endings, and in compounds of two, they need not be listed.
_STEMS = {
    # Second halves of compounds.
    "light": "licht schein strahl", "glow": "glanz glühen glühend", "landscape": "landschaft",
    "colour": "farb ton", "mood": "stimmung", "time": "zeit", "air": "luft", "path": "weg pfad",
    "village": "dorf", "shore": "ufer", "flake": "flocke", "house": "haus", "view": "blick",
    # English words of the tables that mean something else in German.
    "bench": "bank", "case": "fall", "legend": "sage",
    # Colours.
    "red": "rot", "crimson": "karmin karmesin", "ruby": "rubin", "cherry": "kirsch",
    "brick": "ziegel", "rust": "rost", "fire": "feuer feur flamme", "lava": "lava",
    "coral": "koralle", "peach": "pfirsich", "salmon": "lachs", "terracotta": "terrakotta",
    "orange": "orange orangen apricot", "pumpkin": "kürbis", "amber": "bernstein",
    "copper": "kupfer", "coffee": "kaffee", "chocolate": "schokolade schoko", "brown": "braun",
    "caramel": "karamell", "wood": "holz", "leather": "leder", "earth": "erd", "honey": "honig",
    "gold": "gold", "golden": "golden", "yellow": "gelb", "lemon": "zitrone", "lime": "limette",
    "olive": "oliv", "moss": "moos", "grass": "gras", "green": "grün", "leaf": "blatt blätt laub",
    "emerald": "smaragd", "jade": "jade", "mint": "mint minz", "sage": "salbei",
    "teal": "petrol", "turquoise": "türkis", "cyan": "zyan", "blue": "blau", "azure": "azur",
    "cobalt": "kobalt", "navy": "marine", "sapphire": "saphir", "violet": "violett veilchen",
    "lavender": "lavendel lavendelfeld", "lilac": "flieder", "purple": "purpur lila",
    "grape": "traube", "plum": "pflaume", "berry": "beere erdbeere himbeere brombeere",
    "fuchsia": "fuchsie", "pink": "pink rosa", "wine": "wein", "grey": "grau", "black": "schwarz",
    "white": "weiß", "slate": "schiefer", "stone": "stein",
    # Moods.
    "pastel": "pastell", "soft": "sanft weich", "gentle": "zart", "electric": "elektrisch",
    "vivid": "lebhaft lebendig kräftig grell knall", "bright": "hell leuchtend strahlend",
    "bold": "mutig", "vibrant": "bunt farbenfroh", "candy": "bonbon zuckerwatte",
    "neon": "neon", "muted": "gedämpft gedeckt", "calm": "ruhig still friedlich entspannt",
    "minimal": "minimal minimalistisch schlicht", "elegant": "elegant edel edl vornehm",
    "monochrome": "einfarbig monochrom", "playful": "verspielt spielerisch",
    "corporate": "unternehmen firma firmen", "business": "geschäft seriös",
    "romance": "romant romantik", "love": "liebe", "dream": "traum träumer verträumt",
    "dark": "dunkel dunkl düster finster",
    # Times of day, seasons and weather.
    "dawn": "morgenrot morgendämmerung morgengrauen tagesanbruch", "sunrise": "sonnenaufgang",
    "morning": "morgen morgend", "day": "tag", "noon": "mittag", "evening": "abend",
    "sunset": "sonnenuntergang abendrot abendsonne abendhimmel",
    "dusk": "dämmer dämmerung abenddämmerung", "twilight": "zwielicht", "night": "nacht",
    "midnight": "mitternacht", "spring": "frühling frühjahr", "summer": "sommer",
    "autumn": "herbst", "winter": "winter", "christmas": "weihnacht", "fog": "nebel nebl dunst",
    "storm": "sturm gewitter unwetter", "thunder": "donner blitz",
    "rain": "regen regner verregnet", "snow": "schnee verschneit schneebedeckt",
    "ice": "eis frost", "cloud": "wolk bewölkt", "aurora": "nordlicht polarlicht",
    # Places.
    "sky": "himmel", "sun": "sonne", "sunny": "sonnig", "moon": "mond vollmond halbmond",
    "star": "stern", "space": "weltall weltraum", "galaxy": "galaxie galaxis milchstraße",
    "universe": "universum", "cosmos": "kosmos kosmisch", "planet": "planet",
    "alien": "außerirdisch", "nature": "natur", "sea": "meer see nordsee ostsee mittelmeer bergsee",
    "ocean": "ozean", "water": "wasser", "river": "fluss flüss bach", "lagoon": "lagune",
    "coast": "küste", "beach": "strand", "bay": "bucht", "island": "insel", "harbour": "hafen",
    "fjord": "fjord", "wave": "welle", "reflection": "spiegelung", "boat": "boot",
    "ship": "schiff", "sail": "segel segelboot", "yacht": "jacht",
    "mountain": "berg bergsee gebirg", "peak": "gipfel spitze", "alp": "alpen", "rocky": "fels",
    "cliff": "klippe", "volcano": "vulkan", "glacier": "gletscher",
    "arctic": "arktis arktisch", "forest": "wald", "jungle": "dschungel urwald regenwald",
    "tropical": "tropisch tropen", "tree": "baum", "pine": "kiefer", "fir": "tanne",
    "desert": "wüste", "dune": "düne", "sand": "sand", "garden": "garten", "meadow": "wiese",
    "field": "feld lavendelfeld mohnfeld",
    "flower": "blum sonnenblume sonnenblumenfeld blumenmeer", "blossom": "blüt blütenmeer",
    "bloom": "blühend", "rose": "rose", "tulip": "tulpe", "poppy": "mohn mohnfeld",
    "daisy": "gänseblümchen",
    "city": "stadt altstadt innenstadt großstadt kleinstadt häusermeer lichtermeer",
    "street": "straße gasse", "skyscraper": "hochhaus wolkenkratzer", "building": "gebäude",
    "metropolis": "metropole", "tokyo": "tokio",
    # Shapes and birds.
    "abstract": "abstrakt", "geometric": "geometrie geometrisch", "pattern": "muster",
    "shape": "formen", "circle": "kreis", "square": "quadrat", "modern": "modern",
    "cubism": "kubismus kubistisch", "bird": "vogel", "seagull": "möwe", "swallow": "schwalbe",
    "crow": "krähe rabe", "eagle": "adler",
}  # fmt: skip

_SIGNS = frozenset(
    "ein eine einen einem einer eines und auf beim vom zum zur nach ohne durch zwischen".split()
)

# Not signs: what is a word or a name in English prompts, too.
_ENGLISH = frozenset(_STEMS) | frozenset(
    "adler apricot azur bach bache bank banke banker baum baume baumer baumgarten berg bergen "
    "berger bernstein blaeu blatt blatter blitz blitzen blitzer blitzes bluet blum blumer "
    "bonbon boot booter bootes braun braunwald bunt bunter dammer donner dorf dunst duster "
    "edelen edelweiss edl eisen eisenstadt eisenstaedt eiss erdem fall fallen faller falls farb "
    "farber feld fels frost galaxies gasses geometries golde golder goldwasser gras graser "
    "gruen gruener gruenewald gruenwald grun grune gruner grunewald grunwald grünewald haus "
    "hausen hauser hell helle hellen heller helles hoenig holzer jaden jaeden karmin kiefer "
    "kirsch kobalt kreiss lavan lederer lichtblau lila lilas marine meers metropole minter "
    "moderne mohn monde moos moose morgen mowe mowen muster oliver petrol pinker pinkerton "
    "pinkston planete planetes planetfall purpure quadrat rabe rabee regner roets rosa rosae "
    "rosamond rosan rose rosee rosemond rosenwald rost rosten roster rot rote rubin sander "
    "saphir schein schiff schiffer schwarz see seee seen seewald segel serios sommers stein "
    "steinem steiner stern sterner sternlicht still stiller strand stuermer sturmer tag tager "
    "tannen tannenbaum toen ton tone toner tonton traube violette vogel walden walder wein "
    "weinberg weiner weingarten weiss welle welles wolk".split()
)

_ENDINGS = [
    derived + inflected
    for derived in ("", "lich", "ig", "isch", "haft")
    for inflected in ("", "e", "n", "s", "en", "er", "es", "em", "ern")
]


def _plain(word: str) -> str:
    """Write umlauts as their vowels, so that plurals have the stem of their singular."""
    word = re.sub(r"(?<![aeq])([aou])e", r"\1", word)
    return word.translate(str.maketrans("äöü", "aou"))


_MEANINGS: dict[str, list[str]] = {}
for _meaning, _stems in _STEMS.items():
    for _stem in _stems.casefold().split():
        _MEANINGS.setdefault(_plain(_stem), []).append(_meaning)


def is_german(words: list[str]) -> bool:
    """Say whether one of the words can be German only."""
    return any(
        word in _SIGNS or (parts and not _is_english(word) and not _is_english(parts[-1]))
        for word, parts in ((word, _parts(word)) for word in words)
    )


def _is_english(word: str) -> bool:
    return word in _ENGLISH or word.removesuffix("s") in _ENGLISH


def meanings_of(word: str) -> list[str]:
    """Return the English words for a German one, more for a compound, none if it is not known."""
    return [meaning for part in _parts(word) for meaning in _known(part)]


def _parts(word: str) -> list[str]:
    if _known(word):
        return [word]
    cuts = ([word[:i], word[i:]] for i in range(3, len(word) - 2))
    return next((parts for parts in cuts if all(map(_known, parts))), [])


def _known(word: str) -> list[str]:
    word = _plain(word)
    stems = (word.removesuffix(each) for each in _ENDINGS if word.endswith(each))
    return next((_MEANINGS[stem] for stem in stems if stem in _MEANINGS), [])
