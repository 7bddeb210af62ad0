"""Processes that are forked from the test, and share nothing with it but the database."""

import multiprocessing
import time

from creditsapp.extensions import db
from creditsapp.services.errors import TryAgainLater

fork = multiprocessing.get_context("fork")


def let_go(app):
    """Close the app's connections, which a parent and its children must not share."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def race(app, acts):
    """Run each act in a process of its own, all at the same instant; return what each came to."""
    let_go(app)
    start, results = fork.Barrier(len(acts)), fork.SimpleQueue()

    def run(act):
        with app.app_context():
            start.wait(60)
            try:
                results.put(act())
            except Exception as error:
                results.put(type(error).__name__)

    processes = [fork.Process(target=run, args=(act,)) for act in acts]
    for process in processes:
        process.start()
    outcomes = [results.get() for _ in processes]
    for process in processes:
        process.join(60)
    return outcomes


def coming_again(act, *arguments, **keywords):
    """What comes of an act with a key, as its callers repeat it while the database is too busy."""
    while True:
        try:
            return act(*arguments, **keywords)
        except TryAgainLater:
            time.sleep(0.1)
