"""Acts in processes of their own, whose fuse may kill them."""

import gc
import signal

from creditsapp.extensions import db
from creditsapp.services.errors import ServiceError
from tests.crashes.fuse import fused
from tests.forks import fork, let_go

KILLED = "killed"


def answer_of(act):
    """What an act answers, a refusal by its name."""
    try:
        return act()
    except ServiceError as refusal:
        return type(refusal).__name__


def run_fused(app, act, length):
    """What an act answers in a process with a fuse of this length; KILLED when it was too short."""
    let_go(app)
    ours, theirs = fork.Pipe(duplex=False)

    def child():
        gc.disable()  # it would touch, and so copy, all that is shared with the parent
        with app.app_context():
            fuse = fused(db.engine, length)
            fuse.light()
            answer = answer_of(act)
            fuse.put_out()
            theirs.send(answer)

    process = fork.Process(target=child)
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        answer = KILLED
    ours.close()
    process.join(60)
    assert process.exitcode == (-signal.SIGKILL if answer == KILLED else 0)
    return answer
