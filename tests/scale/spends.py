"""Spends through the service by any number of clients: processes with threads, as gunicorn has."""

import itertools
import multiprocessing
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from creditsapp.extensions import db
from creditsapp.services import ledger
from creditsapp.services.ledger import Usage
from tests.bench.spending import OPERATION, app_on

PROCESSES = 2
_app = []


def spending(url, user_ids, clients, seconds, together=1):
    """The seconds that each call took, of so many clients at once, after a warm-up.

    Each call spends `together` usages of one of the wallets, at random.
    """
    processes = min(PROCESSES, clients)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, initializer=_begin, initargs=(url, clients)) as pool:
        for warm in (min(seconds, 0.5), seconds):
            shares = [
                pool.submit(_spend, user_ids, clients // processes, warm, together)
                for _ in range(processes)
            ]
            taken = list(itertools.chain.from_iterable(share.result() for share in shares))
    return taken


def _begin(url, threads):
    _app.append(app_on(url, web_threads=threads).__enter__())


def _spend(user_ids, threads, seconds, together):
    with ThreadPoolExecutor(threads) as pool:
        runs = [pool.submit(_repeat, user_ids, seconds, together) for _ in range(threads)]
        return [each for run in runs for each in run.result()]


def _repeat(user_ids, seconds, together):
    chance = random.Random(f"{os.getpid()}{time.time_ns()}")
    taken, until = [], time.perf_counter() + seconds
    with _app[0].app_context():
        while time.perf_counter() < until:
            user_id = chance.choice(user_ids)
            began = time.perf_counter()
            if together == 1:
                ledger.spend(user_id, 1, operation=OPERATION)
            else:
                ledger.spend_many(user_id, [Usage(1, OPERATION)] * together)
            db.session.remove()
            taken.append(time.perf_counter() - began)
    return taken
