"""The names of downloaded files."""

import pytest

from creditsapp.studio.downloads import attachment


@pytest.mark.parametrize(
    ("title", "ascii_name", "whole"),
    [
        ("A plan for spring", "a-plan-for-spring.pdf", None),
        ("Übersicht", "ubersicht.pdf", "%C3%BCbersicht.pdf"),
        ("План", "work.pdf", "%D0%BF%D0%BB%D0%B0%D0%BD.pdf"),
        ('"; filename=evil.exe', "filename-evil-exe.pdf", None),
        ("a\r\nSet-Cookie: b=c", "a-set-cookie-b-c.pdf", None),
        ("../../etc/passwd", "etc-passwd.pdf", None),
        ("\u202etxt.exe\u2066", "txt-exe.pdf", None),
        ("…", "work.pdf", None),
        ("x" * 120, "x" * 60 + ".pdf", None),
        ("CON", "con.pdf", None),
        ("Ⅷ ﬁ", "viii-fi.pdf", None),
    ],
)
def test_a_title_becomes_a_file_name(title, ascii_name, whole):
    expected = f'attachment; filename="{ascii_name}"'
    expected += f"; filename*=UTF-8''{whole}" if whole else ""
    assert attachment(title, "pdf", otherwise="work") == expected
