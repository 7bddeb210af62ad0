"""A theme as a CSS file, and the way back from the file to its colours."""

import re

from creditsapp.studio.operations.themes.palette import MIN_CONTRAST, PAIRS, contrast

_TEMPLATE = """\
/*
 * Colour theme: {title}
 *
 * Each of these pairs has a contrast of at least {minimum}:1 (WCAG 2 AA), light and dark:
{pairs}
 */

:root {{
  color-scheme: light dark;
{light}
}}

@media (prefers-color-scheme: dark) {{
  :root {{
{dark}
  }}
}}
"""


def write_stylesheet(title: str, light: dict[str, str], dark: dict[str, str]) -> str:
    """Return the CSS of a theme; raise RuntimeError if a text in it could not be read."""
    lowest = min(contrast(v[text], v[page]) for v in (light, dark) for text, page in PAIRS)
    if lowest < MIN_CONTRAST:
        raise RuntimeError(f"The theme has a contrast of only {lowest:.2f}.")
    return _TEMPLATE.format(
        title=_comment(title),
        minimum=MIN_CONTRAST,
        pairs="\n".join(f" *   {text} on {page}" for text, page in PAIRS),
        light=_declarations(light, "  "),
        dark=_declarations(dark, "    "),
    )


def _comment(text: str) -> str:
    return " ".join(text.split()).replace("*/", "* /").replace("</", "< /")


def _declarations(variant: dict[str, str], indent: str) -> str:
    return "\n".join(f"{indent}--color-{role}: {value};" for role, value in variant.items())


def read_stylesheet(css: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the light and the dark colours of a stylesheet that `write_stylesheet` made."""
    _, _, rules = css.partition("*/")
    light, _, dark = rules.partition("@media")
    return _colors(light), _colors(dark)


def _colors(css: str) -> dict[str, str]:
    return dict(re.findall(r"--color-([a-z-]+): (#[0-9a-f]{6});", css))
