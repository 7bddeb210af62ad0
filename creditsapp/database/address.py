"""A database's URL as libpq reads it, many hosts and all, written as SQLAlchemy takes it."""

from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")


def normalised(value: str) -> str:
    """A URL that SQLAlchemy takes; raise ValueError for what is none."""
    scheme, found, rest = value.partition("://")
    if found and scheme in POSTGRESQL:
        return _postgresql(rest)
    try:
        known = make_url(value).drivername == "sqlite"
    except ArgumentError:
        raise ValueError("is not a database URL") from None
    if not known:
        raise ValueError("must begin with sqlite:// or postgresql://")
    return value


def _postgresql(rest: str) -> str:
    try:
        found = conninfo_to_dict("postgresql://" + _with_one_host_parameter(rest))
    except (psycopg.ProgrammingError, UnicodeDecodeError) as error:
        reason = str(error).strip()
        named = reason if reason.startswith("invalid URI query parameter") else ""
        raise ValueError(named or "is not a database URL") from None
    parts = {key: str(value) for key, value in found.items()}
    hosts, ports = parts.get("host", "").split(","), parts.get("port", "").split(",")
    if not all(port == "" or (port.isdecimal() and 0 < int(port) < 65536) for port in ports):
        raise ValueError("has a port that is no number; in a password, write / as %2F, @ as %40")
    if len(ports) not in (1, len(hosts)):
        raise ValueError("has not one port for each host")
    if not any(ports):
        parts.pop("port", None)
    alone = len(hosts) == 1 and not hosts[0].startswith(("/", "@"))  # a socket stands in the query
    url = URL.create(
        "postgresql+psycopg",
        username=parts.pop("user", None),
        password=parts.pop("password", None) if "user" in found else None,
        host=parts.pop("host", None) if alone else None,
        port=int(parts.pop("port")) if alone and "port" in parts else None,
        database=parts.pop("dbname", None),
        query=parts,
    )
    place, mark, query = url.render_as_string(hide_password=False).partition("?")
    return place + mark + query.replace("+", "%20")  # libpq takes a + for a +


def _with_one_host_parameter(rest: str) -> str:
    """libpq heeds the last `host=` alone; who writes several means them all, as SQLAlchemy does."""
    before, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    several = [value for key, value in pairs if key == "host"]
    if len(several) < 2:
        return rest
    hosts, _, ports = zip(*(value.partition(":") for value in several), strict=True)
    others = [pair for pair in pairs if pair[0] != "host"]
    if any(ports):
        others.append(("port", ",".join(ports)))
    return f"{before}?{urlencode([*others, ('host', ','.join(hosts))], quote_via=quote)}"


def shown(url: URL) -> str:
    """A URL without its secrets, for people: where it leads, and as whom."""
    query = {key: value for key, value in url.query.items() if key in ("host", "port")}
    return url.set(query=query).render_as_string(hide_password=True)
