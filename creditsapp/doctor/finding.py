"""What a check found."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]
Problem = tuple[Status, str, str]


@dataclass(frozen=True)
class Finding:
    """One line of the checklist: what is there, and what to do about it."""

    name: str
    status: Status
    message: str
    advice: str = ""


def finding(name: str, message: str, problems: list[Problem]) -> Finding:
    """All problems of one check as one line, as bad as the worst; `message` if there are none."""
    if not problems:
        return Finding(name, "ok", message)
    worst: Status = "failed" if any(status == "failed" for status, _, _ in problems) else "warning"
    advice = dict.fromkeys(advice for _, _, advice in problems if advice)
    return Finding(name, worst, "; ".join(what for _, what, _ in problems), " ".join(advice))
