"""The headers that close an answer to other sites, the app's and the sandbox's alike."""

_POWERS = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")

ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in _POWERS),
}
# OWASP ASVS 5, 3.4.1: a year or more, and the names below this one, too.
UNDER_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
