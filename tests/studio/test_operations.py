import io
import re
import struct
import zipfile
import zlib
from html.parser import HTMLParser

import docx
import pytest
from coloraide import Color
from defusedxml import ElementTree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from creditsapp.studio.operation import (
    ChoiceField,
    InvalidInput,
    Operation,
    Result,
    TextField,
    operation,
    short_title,
)
from creditsapp.studio.operations import OPERATIONS
from creditsapp.studio.operations.documents import pdf
from creditsapp.studio.operations.restyling.styles import STYLES
from creditsapp.studio.operations.themes.palette import PAIRS, contrast
from creditsapp.studio.operations.themes.stylesheet import read_stylesheet
from creditsapp.studio.preview import preview_file

THEME = OPERATIONS["theme_generation"]
IMAGE = OPERATIONS["image_generation"]
RESTYLE = OPERATIONS["image_restyle"]
DOCUMENT = OPERATIONS["document_conversion"]

PROMPTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=500).filter(
    str.strip
)

HOSTILE_TEXTS = [
    "🎉🧑‍🚀 emoji",
    "שלום עולם \u202e reversed",
    "*/ body { display: none } /*",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {0} %s",
    "' OR 1=1 --",
    "a" * 500,
]

SAMPLE = """\
# Title *here*

Words with **bold**, `code`, ~~struck~~ and [a link](https://example.org/page).

## Lists

- one
    - nested
1. first
2. second

> quoted

---

```
x = 1
```

| a | b |
|---|---|
| 1 | 2 |

![far](https://evil.example/x.png)
"""


def work(each: Operation, **raw: str | bytes) -> Result:
    return each.run(**each.read(raw))


def errors_of(each: Operation, **raw: str | bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        each.read(raw)
    return caught.value.fields


def picture(
    kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (64, 48), **more
) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(file, kind, **more)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Tags(HTMLParser):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_harmless(page: bytes) -> None:
    seen = Tags(page)
    assert not {"script", "iframe", "img", "object", "link", "base", "form"} & set(seen.tags)
    assert seen.tags.count("style") == 1
    for name, value in seen.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "style", "action", "background", "poster")
        assert not re.match(r"\s*(javascript|vbscript|data|file):", value, re.IGNORECASE)
    style = page.decode().partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style and "@import" not in style


class TestRegistry:
    def test_the_operations_stand_in_their_display_order_with_their_prices(self):
        assert [(each.name, int(each.cost.credits)) for each in OPERATIONS.values()] == [
            ("theme_generation", 1),
            ("image_generation", 5),
            ("image_restyle", 5),
            ("document_conversion", 5),
        ]

    def test_a_decorated_function_is_an_operation_that_reads_and_runs(self):
        @operation(
            title="Echo",
            action="Echo text",
            noun=("echo", "echoes"),
            summary="Says it again.",
            cost=2,
            fields=[
                TextField("words", "Words", max_length=5),
                ChoiceField("case", "Case", choices=(("up", "Up"),), default="up"),
            ],
        )
        def echo(words: str, case: str) -> Result:
            return Result(words, "text/plain", "txt", getattr(words, f"{case}per")().encode())

        assert echo.name == "echo"
        assert work(echo, words=" hi ", case="up").content == b"HI"

    def test_every_wrong_field_is_named_at_once(self):
        fields = errors_of(RESTYLE, image=b"", style="cubism", extra="1")
        assert set(fields) == {"image", "style", "extra"}
        assert set(errors_of(RESTYLE)) == {"image", "style"}

    def test_a_result_has_a_title_and_a_size_within_limits(self):
        with pytest.raises(ValueError, match="title"):
            Result("a" * 121, "text/plain", "txt", b"")
        with pytest.raises(ValueError, match="bytes"):
            Result("a", "text/plain", "txt", b"a" * 2_000_001)
        assert len(short_title("word " * 100)) <= 120


@pytest.mark.parametrize("each", [THEME, IMAGE], ids=lambda each: each.name)
class TestPrompts:
    @pytest.mark.parametrize(
        "prompt",
        [
            "",
            "  \n ",
            "a" * 10_000,
            "a" * 501,
            "a\0b",
            "a\x1bb",
            "a\x85b",
            "\ud800",
            b"bytes",
            5,
            None,
        ],
        ids=repr,
    )
    def test_a_prompt_that_is_no_text_of_its_length_is_refused(self, each, prompt):
        assert set(errors_of(each, prompt=prompt)) == {"prompt"}

    @pytest.mark.parametrize("prompt", HOSTILE_TEXTS)
    def test_a_strange_prompt_works_and_gives_the_same_bytes_again(self, each, prompt):
        result = work(each, prompt=prompt)
        assert result == work(each, prompt=prompt)
        assert 0 < len(result.title) <= 120

    def test_different_prompts_give_different_results(self, each):
        contents = {work(each, prompt=f"sunset {n}").content for n in range(4)}
        assert len(contents) == 4


class TestThemeGeneration:
    @settings(max_examples=200, deadline=None)
    @given(PROMPTS)
    def test_every_text_can_be_read_in_both_variants(self, prompt):
        for variant in read_stylesheet(work(THEME, prompt=prompt).content.decode()):
            assert all(contrast(variant[text], variant[page]) >= 4.5 for text, page in PAIRS)

    @pytest.mark.parametrize(
        ("prompt", "low", "high"),
        [("ocean", 200, 260), ("forest", 130, 170), ("ruby red", 5, 35), ("lavender", 285, 315)],
    )
    def test_a_word_gives_its_colour(self, prompt, low, high):
        light, _ = read_stylesheet(work(THEME, prompt=prompt).content.decode())
        assert low <= Color(light["primary"]).convert("oklch")["hue"] <= high

    @pytest.mark.parametrize("prompt", HOSTILE_TEXTS)
    def test_a_prompt_cannot_leave_the_comment(self, prompt):
        css = work(THEME, prompt=prompt).content.decode()
        assert css.count("*/") == 1
        assert css.partition("*/")[2].lstrip().startswith(":root {")
        assert "</" not in css

    def test_a_preview_is_well_formed_and_loads_nothing(self):
        shown = THEME.preview(work(THEME, prompt="</svg><script>").content)
        svg = shown.content
        assert shown.media_type == "image/svg+xml"
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert b"script" not in svg and b"href" not in svg


class TestImageGeneration:
    @pytest.mark.parametrize(
        "prompt",
        ["mountain lake", "city at night", "flowers", "forest in snow", "desert", "saturn",
         "northern lights", "abstract", "abstract b", "abstract d", "boat at sea", "storm"],
    )  # fmt: skip
    def test_every_motif_gives_a_picture_of_many_colours(self, prompt):
        result = work(IMAGE, prompt=prompt)
        with Image.open(io.BytesIO(result.content)) as image:
            assert (image.format, image.size) == ("PNG", (1024, 640))
            assert image.reduce(8).getcolors(7) is None
        shown = preview_file(result.media_type, result.content)
        assert (shown.width, shown.height, shown.content) == (1024, 640, result.content)


class TestImageRestyle:
    @pytest.mark.parametrize("style", STYLES)
    @pytest.mark.parametrize("size", [(16, 16), (300, 20), (1700, 100)], ids=str)
    def test_every_style_gives_a_picture_within_limits(self, style, size):
        source = picture("JPEG", size=size)
        result = work(RESTYLE, image=source, style=style)
        shown = preview_file(result.media_type, result.content)
        with Image.open(io.BytesIO(shown.content)) as image:
            assert f"image/{image.format.lower()}" == result.media_type
            assert max(image.size) <= 1600
        assert result == work(RESTYLE, image=source, style=style)

    @pytest.mark.parametrize(
        "source",
        [
            picture("JPEG", "CMYK"),
            picture("PNG", "I;16"),
            picture("PNG", "LA"),
            picture("PNG", "1"),
            picture("PNG", "P", transparency=3),
            picture("WEBP", "RGBA"),
            picture("GIF", "P", save_all=True, append_images=[Image.new("P", (64, 48))] * 3),
            picture("JPEG") + b"<script>alert(1)</script>",
        ],
        ids=["cmyk", "16-bit", "grey-alpha", "bilevel", "palette", "webp", "animated", "polyglot"],
    )
    def test_every_kind_of_picture_can_be_opened(self, source):
        image = RESTYLE.read({"image": source, "style": "poster"})["image"]
        assert (image.mode, image.size, image.info) == ("RGB", (64, 48), {})
        assert b"script" not in work(RESTYLE, image=source, style="duotone").content

    def test_a_16_bit_picture_keeps_its_greys(self):
        file = io.BytesIO()
        Image.new("I;16", (32, 32), 32768).save(file, "PNG")
        image = RESTYLE.read({"image": file.getvalue(), "style": "poster"})["image"]
        assert image.getpixel((5, 5)) == pytest.approx((127, 127, 127), abs=1)

    def test_a_transparent_picture_lies_on_white(self):
        file = io.BytesIO()
        Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(file, "PNG")
        image = RESTYLE.read({"image": file.getvalue(), "style": "poster"})["image"]
        assert image.getpixel((5, 5)) == (255, 255, 255)

    def test_a_picture_is_turned_upright_and_its_metadata_dropped(self):
        exif = Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "secret place"
        source = picture("JPEG", size=(64, 32), exif=exif)
        image = RESTYLE.read({"image": source, "style": "vintage"})["image"]
        assert image.size == (32, 64)
        result = work(RESTYLE, image=source, style="vintage").content
        assert b"secret" not in result and b"Exif" not in result

    @pytest.mark.parametrize(
        "source",
        [
            b"",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!doctype html><script>alert(1)</script>",
            b"%PDF-1.7",
            b"II*\0" + b"\0" * 100,
            picture("PNG")[:-900],
            picture("JPEG", size=(200, 200))[:600],
            picture("TIFF"),
            picture("PNG", size=(4, 4)),
            png_header(50_000, 50_000),
            png_header(10_000, 10_000),
            png_header(8_000, 5_001),
            png_header(0, 10),
            picture("PNG") + b"\0" * 8_000_000,
            "text",
        ],
        ids=lambda source: repr(source[:12]) + str(len(source)),
    )
    def test_what_cannot_be_opened_is_refused_before_anything_is_charged(self, source):
        assert set(errors_of(RESTYLE, image=source, style="poster")) == {"image"}

    def test_a_bomb_is_refused_by_its_header(self):
        assert "megapixels" in errors_of(RESTYLE, image=png_header(50_000, 50_000))["image"]

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]),
        st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8),
    )
    def test_a_damaged_picture_is_read_or_refused_but_never_a_crash(self, kind, changes):
        source = bytearray(picture(kind, size=(20, 20)))
        for place, value in changes:
            source[place % len(source)] = value
        try:
            values = RESTYLE.read({"image": bytes(source), "style": "duotone"})
        except InvalidInput as error:
            assert set(error.fields) == {"image"}
        else:
            assert values["image"].mode == "RGB"


class TestDocumentConversion:
    def test_exactly_one_source_is_wanted(self):
        assert set(errors_of(DOCUMENT, format="pdf")) == {"text"}
        assert set(errors_of(DOCUMENT, document=b"", text=" ", format="pdf")) == {"text"}
        assert set(errors_of(DOCUMENT, document=b"a", text="b", format="pdf")) == {"text"}
        assert work(DOCUMENT, document=b"", text="b", format="html").title == "b"

    @pytest.mark.parametrize(
        "source", [b"\xff\xfe\x00", b"PK\x03\x04\xff", b"a\0b", b" \n", b"a" * 1_000_001, "text"]
    )
    def test_a_document_that_is_no_text_is_refused(self, source):
        assert set(errors_of(DOCUMENT, document=source, format="pdf")) == {"document"}

    @pytest.mark.parametrize("source", ["# a\n" * 10_000, "![" * 30_000, "\n" * 10_000 + "a"])
    def test_a_document_that_would_take_too_long_is_refused(self, source):
        assert set(errors_of(DOCUMENT, document=source.encode(), format="docx")) == {"document"}

    def test_a_text_or_format_out_of_range_is_refused(self):
        assert set(errors_of(DOCUMENT, text="a" * 100_001, format="exe")) == {"text", "format"}

    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("intro\n\n## The *first* heading", "The first heading"),
            ("only words", "only words"),
            ("![](x.png)", "[image]"),
            ("---", "Untitled"),
            ("# " + "long " * 60, short_title("long " * 60)),
        ],
    )
    def test_the_title_is_the_first_heading_or_the_first_words(self, text, title):
        assert work(DOCUMENT, text=text, format="html").title == title

    @pytest.mark.parametrize("format", ["html", "docx", "pdf"])  # noqa: A002
    def test_the_same_text_gives_the_same_bytes(self, format):  # noqa: A002
        assert work(DOCUMENT, text=SAMPLE, format=format) == work(
            DOCUMENT, document=SAMPLE.encode("utf-8-sig"), format=format
        )

    def test_slides_split_at_headings_and_rules(self):
        page = work(DOCUMENT, text=SAMPLE, format="html").content
        assert Tags(page).tags.count("section") == 3
        assert_harmless(page)
        assert b"evil.example" not in page

    @pytest.mark.parametrize(
        "text",
        [
            *HOSTILE_TEXTS,
            "[x](javascript:alert(1)) [y](JaVaScRiPt&colon;alert(1)) <javascript:alert(1)>",
            "[x](data:text/html,<script>alert(1)</script>)",
            "![x](javascript:alert(1) 'onload=alert(1)')",
            "<svg onload=alert(1)><style>@import url(//evil.example)</style>",
            "```</style><script>\nalert(1)\n```",
            "# </title><script>alert(1)</script>",
            "[x](https://example.org 'a\" onmouseover=\"alert(1)')",
        ],
    )
    def test_slides_run_and_load_nothing(self, text):
        assert_harmless(work(DOCUMENT, text=text, format="html").content)

    def test_a_word_document_has_the_elements_of_the_text(self):
        result = work(DOCUMENT, text=SAMPLE, format="docx")
        assert zipfile.ZipFile(io.BytesIO(result.content)).testzip() is None
        document = docx.Document(io.BytesIO(result.content))
        styles = {(p.style.name, p.text) for p in document.paragraphs}
        assert ("Heading 1", "Title here") in styles
        assert ("List Bullet", "one") in styles and ("List Bullet 2", "nested") in styles
        assert ("Quote", "quoted") in styles
        assert any("a link (https://example.org/page)." in text for _, text in styles)
        assert [[c.text for c in row.cells] for row in document.tables[0].rows] == [
            ["a", "b"],
            ["1", "2"],
        ]
        shown = DOCUMENT.preview(result.content)
        assert shown.media_type == "text/html"
        assert "<h1>Title here</h1>" in shown.content.decode()
        assert_harmless(shown.content)

    def test_a_pdf_shows_how_many_pages_it_has(self):
        result = work(DOCUMENT, text="# Title\n\n" + "word " * 2000, format="pdf")
        assert result.content.startswith(b"%PDF-")
        assert DOCUMENT.preview(result.content) is None
        assert 3 <= DOCUMENT.about(result.content)["pages"] <= 9

    def test_a_pdf_needs_no_fonts_of_the_machine(self, monkeypatch):
        monkeypatch.setattr(pdf, "FONT_FOLDERS", ())
        text = "# Überschrift\n\n- “smart” • dashes –"
        assert work(DOCUMENT, text=text, format="pdf").content.startswith(b"%PDF-")

    @pytest.mark.parametrize("text", ["שלום", "日本", "party 🎉"])
    def test_what_a_pdf_cannot_show_is_refused_before_anything_is_charged(self, text):
        assert set(errors_of(DOCUMENT, text=text, format="pdf")) == {"format"}
        for other in ("html", "docx"):
            assert work(DOCUMENT, text=text, format=other).content

    @pytest.mark.parametrize("format", ["html", "docx", "pdf"])  # noqa: A002
    @pytest.mark.parametrize(
        "text",
        [
            "> " * 60 + "deep",
            "\n".join("    " * n + "- item" for n in range(30)),
            "9" * 9 + ". number",
            "-\n- \n-",
            "|a|" * 40 + "\n" + "|-|" * 40 + "\n" + "|b|" * 40,
            "|a|\n|-|\n|" + "word " * 2000 + "|",
            "|a|\n|-|\n|" + "w" * 290 + "|" + "\n|x|" * 90,
            "x" * 5000,
            "```\n" + "y" * 3000 + "\n" + "\n" * 100 + "```",
            "# " + "heading " * 300,
            "&#12; &#x1F; &#xFFFE; &nbsp; \\\nbreak",
            "\ufffe \ufdd0 \u2028 \u00ad \u202e",
            *HOSTILE_TEXTS,
        ],
    )
    def test_strange_texts_convert_to_every_format(self, text, format):  # noqa: A002
        if format == "pdf" and pdf.unshowable(text):
            assert set(errors_of(DOCUMENT, text=text, format=format)) == {"format"}
            return
        result = work(DOCUMENT, text=text, format=format)
        assert (DOCUMENT.preview(result.content) is None) == (format == "pdf")
        assert DOCUMENT.about(result.content)

    @pytest.mark.parametrize("format", ["html", "docx", "pdf"])  # noqa: A002
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        text=st.lists(
            st.sampled_from(
                "# |- \n |\n> |- |1. |*|**|_|`|```\n|~~|[a](b)|![|<b>|&#1;|---\n|\t".split("|")
            )
            | st.just("|a|b|\n|-|-|\n|c|\n")
            | st.text(st.characters(exclude_categories=("Cs",)), max_size=30),
            max_size=30,
        ).map("".join)
    )
    def test_random_text_converts_to_every_format(self, monkeypatch, format, text):  # noqa: A002
        monkeypatch.setattr(pdf, "FONT_FOLDERS", ())
        result = DOCUMENT.run(document=text, text=None, format=format)
        if format == "html":
            assert_harmless(result.content)
