"""How the page of the controls words things."""


def how_long(times: int | None) -> str:
    """How long something stays switched on."""
    if times is None:
        return "until switched off"
    return "once more" if times == 1 else f"{times} more times"


def lower_first(text: str) -> str:
    """A text that continues a sentence."""
    return text[:1].lower() + text[1:]
