"""The Nu HTML checker over every page of the gallery."""

import json
import subprocess
import sys

from tests.gallery.states import STATES


def check(gallery, modules, folder):
    """Save the pages and check them; return what is wrong, a line each."""
    folder.mkdir(exist_ok=True)
    for state in STATES:
        (folder / f"{state.name}.html").write_text(gallery.answer(state).text)
    checker = modules / "vnu-jar" / "build" / "dist" / "vnu.jar"
    pages = [str(folder / f"{state.name}.html") for state in STATES]
    command = ["java", "-jar", str(checker), "--format", "json", "--exit-zero-always", *pages]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    problems = [
        f"{message['url'].rpartition('/')[2]}, line {message.get('lastLine')}: {message['message']}"
        for message in json.loads(found)["messages"]
    ]
    sys.stdout.write(f"Nu HTML checker: {len(pages)} pages, {len(problems)} messages\n\n")
    return problems
