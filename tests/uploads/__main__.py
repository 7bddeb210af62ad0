"""What each hostile file takes, alone in a process: `python -m tests.uploads [words]`."""

import subprocess
import sys
import threading
import time

import psutil

from creditsapp.studio.operation import InvalidInput
from creditsapp.studio.operations import OPERATIONS
from tests.uploads import corpus

KINDS = {
    "refused_pictures": ("image_restyle", "image", "style", ("poster",)),
    "taken_pictures": ("image_restyle", "image", "style", ("watercolour",)),
    "heavy_pictures": ("image_restyle", "image", "style", ("watercolour", "poster")),
    "refused_documents": ("document_conversion", "document", "format", ("html",)),
    "heavy_documents": ("document_conversion", "document", "format", ("html", "docx", "pdf")),
}


def measure(kind, name, choice):
    """Read a file and do the work; print seconds, and by how much memory grew at its peak."""
    operation, field, choosing, _choices = KINDS[kind]
    content, known = getattr(corpus, kind)()[name], OPERATIONS[operation]
    peak, began = Peak(), time.perf_counter()
    try:
        known.run(**known.read({field: content, choosing: choice}))
        outcome = "made"
    except InvalidInput as error:
        outcome = str(error)
    seconds, grown = time.perf_counter() - began, peak.most - peak.before
    sys.stdout.write(
        f"{seconds:7.2f} s {grown:5} MB {len(content):9,} bytes  {name}, {choice}: {outcome}\n"
    )


class Peak(threading.Thread):
    """How many megabytes a process grows to, looked at all the time: it is not known afterwards
    everywhere, nor is what Pillow takes known to Python.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.before = self.most = self.now()
        self.start()

    def run(self):
        while True:
            self.most = max(self.most, self.now())
            time.sleep(0.005)

    @staticmethod
    def now():
        return psutil.Process().memory_info().rss // 2**20


if len(sys.argv) == 4 and sys.argv[1] in KINDS:
    measure(*sys.argv[1:])
else:
    wanted = " ".join(sys.argv[1:])
    for kind, (_operation, _field, _choosing, choices) in KINDS.items():
        for name in getattr(corpus, kind)():
            for choice in choices if wanted in name else ():
                subprocess.run([sys.executable, "-m", "tests.uploads", kind, name, choice])
