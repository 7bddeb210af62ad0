"""`python -m tests.audit`: is the HTML valid, are the pages light, what does Lighthouse say?"""

import logging
import shutil
import subprocess
import sys
from pathlib import Path

from tests.audit import checker, lighthouse, weights
from tests.browser.conftest import ARTIFACTS
from tests.gallery.showing import shown

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"


def main():
    """Run all of them; end with 1 when a checker is not content."""
    for tool, kind in (("java", "Java 11 or later"), ("npm", "Node 18 or later")):
        if not shutil.which(tool):
            raise SystemExit(f"The audit needs {kind}: there is no `{tool}` on this machine.")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=HERE, check=True)
    logging.disable()  # the gallery shows a bug and a provider that does not answer
    folder = ARTIFACTS / "audit"
    folder.mkdir(parents=True, exist_ok=True)
    with shown() as (gallery, url):
        problems = checker.check(gallery, MODULES, folder / "pages")
        weights.show(gallery, url)
        problems += lighthouse.check(gallery, url, MODULES, folder)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
