"""Acts in processes of their own, which share nothing with the test but the database."""

import multiprocessing
import signal

from creditsapp.extensions import db
from creditsapp.services.errors import ServiceError
from tests.crashes.fuse import fused

fork = multiprocessing.get_context("fork")
KILLED = "killed"


def let_go(app):
    """Close the app's connections, which a parent and its children must not share."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def run(app, act, *, dies_at=None):
    """What an act answers in a new process, a refusal by its name; KILLED when it died at a point.

    Return the number of points that it passed, too.
    """
    let_go(app)
    ours, theirs = fork.Pipe(duplex=False)

    def child():
        with app.app_context():
            fuse = fused(db.engine, dies_at)
            fuse.light()
            try:
                answer = act()
            except ServiceError as refusal:
                answer = type(refusal).__name__
            fuse.burn()
            theirs.send((answer, fuse.burnt))

    process = fork.Process(target=child)
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        answer = (KILLED, dies_at)
    ours.close()
    process.join(60)
    assert process.exitcode == (-signal.SIGKILL if answer[0] == KILLED else 0)
    return answer
