"""Are rate limits counted by all processes together?"""

from urllib.parse import urlsplit

from redis import Redis, RedisError

from creditsapp.doctor.finding import Finding
from creditsapp.settings import Settings

ANSWER_SECONDS = 3


def rate_limits(settings: Settings) -> Finding:
    """Where they are counted, and whether that answers."""
    if not settings.counts_alone:
        return _redis(settings.ratelimit_storage_uri)
    message = "each process counts alone"
    if settings.sandbox:
        return Finding("rate limits", "ok", f"{message}, which is enough to try the app")
    advice = "Set RATELIMIT_STORAGE_URI to a Redis, unless a single process serves the app."
    return Finding("rate limits", "warning", message, advice)


def _redis(url: str) -> Finding:
    address = urlsplit(url)
    place = f"Redis at {address.hostname}:{address.port or 6379}"  # without its password
    seconds = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    try:
        with Redis.from_url(url, **seconds) as redis:
            redis.ping()
    except RedisError as error:
        message = f"{place} does not answer: {type(error).__name__}"
        advice = "Start it, and look at RATELIMIT_STORAGE_URI. Each process counts alone."
        return Finding("rate limits", "failed", message, advice)
    return Finding("rate limits", "ok", f"counted by {place}")
