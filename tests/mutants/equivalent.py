"""Mutants that do what the original does, each with the reason why no test can tell them apart."""

_SHORT = "stands for no text where only its length is checked"

EQUIVALENT = {
    "posting": {
        "Movement.__post_init__: '' → 'mutant'": _SHORT,
        "Movement.__post_init__: '' → 'mutant' (#2)": _SHORT,
    },
}
