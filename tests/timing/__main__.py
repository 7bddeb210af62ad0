"""Sign-in, registering and a forgotten password, for known and unknown addresses, on gunicorn.

Each request is of another client and, where somebody is known, of another account, so that no
limit is met; known and unknown take turns in random order.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx

from tests.builders import PASSWORD, csrf_token
from tests.servers import Servers
from tests.timing.statistics import mann_whitney, welch

CERTAIN = 0.001  # below this p the times are told apart
COPIES = (
    "INSERT INTO users (email, name, password_hash, session_version, welcome, language, created_at,"
    " verified_at) SELECT 'known' || :number || '@example.com', '', password_hash, 1, welcome,"
    " language, created_at, created_at FROM users WHERE email = 'known@example.com'",
    "INSERT INTO wallets (user_id, balance, held, version, lifetime_added, lifetime_used,"
    " created_at) SELECT id, 0, 0, 0, 0, 0, created_at FROM users"
    " WHERE email = 'known' || :number || '@example.com'",
)


def fields(act, email):
    """What is sent; nobody's password is right."""
    passwords = {"sign in": "a wrong password", "register": PASSWORD}
    return {"email": email} | ({"password": passwords[act]} if act in passwords else {})


ACTS = {
    "sign in": ("/auth/login", 422),
    "register": ("/auth/register", 303),
    "forgot": ("/auth/forgot", 303),
}


def main(acts, rounds, seed):
    say(f"{rounds} of each, seed {seed}")
    random.seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "credits.db"
        servers = Servers(f"sqlite:///{path}", Path(folder))
        servers.environment |= {"WELCOME_REQUIRES_VERIFIED_EMAIL": "1", "PROXY_HOPS": "1"}
        done = servers.flask("db", "upgrade")
        assert done.returncode == 0, done.stderr
        done = servers.flask("users", "create", "known@example.com", "--password", PASSWORD)
        assert done.returncode == 0, done.stderr
        people(path, 3 * rounds)
        with servers.app_alone():
            told = [compare(servers.url, act, rounds, place) for place, act in enumerate(acts)]
    return any(told)


def people(path, count):
    """So many accounts with one password, made past the app: to hash it takes too long."""
    connection = sqlite3.connect(path)
    with connection:
        for number in range(count):
            for sql in COPIES:
                connection.execute(sql, {"number": number})
    connection.close()


def compare(url, act, rounds, place):
    """Measure one act, and say whether its times tell known from unknown."""
    path, status = ACTS[act]
    times = {"known": [], "unknown": []}
    turns = [(kind, number) for kind in times for number in range(rounds)]
    random.shuffle(turns)
    with httpx.Client(base_url=url) as client:
        token = csrf_token(client.get(path).text)
        for kind, number in turns:
            email = f"{kind}{place * rounds + number}@example.com"
            origin = ".".join(str(random.randint(1, 250)) for _ in range(4))
            data = {"csrf_token": token} | fields(act, email)
            began = time.perf_counter()
            answer = client.post(path, data=data, headers={"X-Forwarded-For": origin})
            times[kind].append(time.perf_counter() - began)
            assert answer.status_code == status, answer.text
            time.sleep(0.03)  # the mail of one goes out before the next is asked
    return report(act, times["known"], times["unknown"])


def report(act, known, unknown):
    p, mean_p = mann_whitney(known, unknown), welch(known, unknown)
    told = p < CERTAIN
    say(
        f"{act:>9}: known {1000 * median(known):.2f} ms, unknown {1000 * median(unknown):.2f} ms,"
        f" Mann-Whitney p = {p:.3f}, Welch p = {mean_p:.3f}:"
        f" {'TOLD APART' if told else 'not told apart'}"
    )
    return told


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.timing", description=__doc__)
    parser.add_argument("acts", nargs="*", metavar="ACT", help=", ".join(ACTS))
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    sys.exit(main(chosen.acts or list(ACTS), chosen.rounds, chosen.seed))
