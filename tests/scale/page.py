"""Put the figures of `.artifacts/scale.json` into the tables of docs/scaling.md."""

import json
import re

from creditsapp.settings import ROOT
from tests.scale.figures import Figure, markdown
from tests.scale.path import path

PAGE = ROOT / "docs" / "scaling.md"
KEPT = ROOT / ".artifacts" / "scale.json"
TABLE = re.compile(r"(<!-- scale (\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(words, kept):
    """A page with its tables as they were measured last; others stay as they are."""

    figures = {
        name: [Figure(**figure) for figure in measured["figures"]]
        for name, measured in kept.items()
    }
    if "cost" in kept:
        figures["path"] = list(path(kept["cost"]["figures"]))

    def table(found):
        if found[2] not in figures:
            return found[0]
        return f"{found[1]}\n{markdown(figures[found[2]])}\n\n"

    return TABLE.sub(table, words)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(), json.loads(KEPT.read_text())))
