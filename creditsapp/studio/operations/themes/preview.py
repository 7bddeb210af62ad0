"""A theme shown on a small page, light and dark side by side; and its colours in tables."""

from decimal import ROUND_FLOOR, Decimal
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 # writes, parses nothing

from creditsapp.studio.operations.themes.palette import PAIRS, contrast
from creditsapp.studio.operations.themes.stylesheet import read_stylesheet
from creditsapp.studio.preview import Preview
from creditsapp.translation import gettext as _

WIDTH, HEIGHT = 560, 350
FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def preview_theme(css: bytes) -> Preview:
    """Draw the colours of a theme's stylesheet."""
    light, dark = read_stylesheet(css.decode())
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" role="img" '
        f'width="{2 * WIDTH}" height="{HEIGHT}" font-family="{FONT}">'
        f"<title>{escape(_('The theme on a sample page, light and dark'))}</title>"
        f"{_page(light, _('Light'))}"
        f'<g transform="translate({WIDTH} 0)">{_page(dark, _("Dark"))}</g></svg>'
    )
    return Preview("image/svg+xml", svg.encode(), 2 * WIDTH, HEIGHT)


def about_theme(css: bytes) -> dict[str, Any]:
    """Each variant's colours, and the lowest contrast of each text to what it stands on."""
    light, dark = read_stylesheet(css.decode())
    return {"variants": [(_("Light"), _rows(light)), (_("Dark"), _rows(dark))]}


def _rows(variant: dict[str, str]) -> list[tuple[str, str, Decimal | None]]:
    return [
        (
            role,
            color,
            min(
                (
                    Decimal(contrast(color, variant[page])).quantize(Decimal("0.1"), ROUND_FLOOR)
                    for text, page in PAIRS
                    if text == role
                ),
                default=None,
            ),
        )
        for role, color in variant.items()
    ]


def _page(color: dict[str, str], name: str) -> str:
    return "".join(
        [
            _box(0, 0, WIDTH, HEIGHT, color["background"]),
            _box(0, 0, WIDTH, 48, color["surface"]),
            _box(0, 47, WIDTH, 1, color["border"]),
            f'<circle cx="46" cy="24" r="11" fill="{color["primary"]}"/>',
            f'<circle cx="58" cy="24" r="11" fill="{color["highlight"]}" fill-opacity="0.85"/>',
            _text(82, 30, name, color["text"], 17, weight=700),
            _text(444, 30, _("Home"), color["primary"], 15, weight=600, anchor="end"),
            _text(524, 30, _("About"), color["muted"], 15, anchor="end"),
            _text(36, 97, _("A heading to read"), color["text"], 32, weight=750),
            _text(36, 127, _("Body text sits on the background,"), color["text"], 17),
            _text(36, 150, _("and quieter notes stay readable."), color["muted"], 17),
            _button(36, 168, 150, _("Primary"), color["primary"], color["on-primary"]),
            _button(200, 168, 140, _("Accent"), color["accent"], color["on-accent"]),
            _box(354, 175, 170, 30, color["highlight"], radius=15),
            _text(439, 195, _("Highlight"), color["on-highlight"], 15, weight=600, anchor="middle"),
            _card(color),
        ]
    )


def _card(color: dict[str, str]) -> str:
    bars = (0.35, 0.6, 0.45, 0.85, 0.7, 1.0)
    chart = "".join(
        _box(
            330 + index * 30,
            316 - 72 * share,
            20,
            72 * share,
            color["accent" if index == 5 else "primary"],
            radius=4,
        )
        for index, share in enumerate(bars)
    )
    return (
        f'<rect x="36.5" y="228.5" width="488" height="102" rx="12" fill="{color["surface"]}" '
        f'stroke="{color["border"]}"/>'
        + _text(60, 261, _("A card"), color["text"], 19, weight=700)
        + _text(60, 287, _("Text on a surface, and"), color["muted"], 15)
        + _text(60, 312, _("a link to follow"), color["primary"], 15, weight=600, underline=True)
        + chart
    )


def _button(x: int, y: int, width: int, label: str, fill: str, ink: str) -> str:
    middle = x + width // 2
    return _box(x, y, width, 44, fill, radius=10) + _text(
        middle, y + 28, label, ink, 17, weight=650, anchor="middle"
    )


def _box(x: int, y: float, width: int, height: float, fill: str, radius: int = 0) -> str:
    size = f'width="{width}" height="{height:g}"'
    return f'<rect x="{x}" y="{y:g}" {size} rx="{radius}" fill="{fill}"/>'


def _text(
    x: int,
    y: int,
    words: str,
    fill: str,
    size: int,
    *,
    weight: int = 400,
    anchor: str = "start",
    underline: bool = False,
) -> str:
    line = ' text-decoration="underline"' if underline else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{fill}"{line}>{escape(words)}</text>'
    )
