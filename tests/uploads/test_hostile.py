"""Hostile uploads: refused in words, nothing charged, nothing held; or only their pixels pass."""

import io

import pytest
from PIL import Image

from tests.builders import csrf_token, register
from tests.databases import contents
from tests.uploads import corpus

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NAMES = ["x.png", "../../etc/passwd", "x.html", 'a".png', "\u202egnp.exe", "x" * 300]


@pytest.fixture
def app(make_app):
    return make_app(initial_free_credits=500)


@pytest.fixture
def upload(client):
    """Send a file to an operation as its field."""
    register(client)
    token = {"X-CSRFToken": csrf_token(client.get("/studio/").text)}

    def send(operation, field, content, name="x.png", **more):
        return client.post(
            f"/api/operations/{operation}",
            data=form(field, content, name, more),
            content_type="multipart/form-data; boundary=limit",
            headers=token,
        )

    return send


def form(field, content, name, more):
    """A form with a file, as a browser writes it."""
    part = b'--limit\r\nContent-Disposition: form-data; name="%s"'
    texts = [part % key.encode() + b"\r\n\r\n" + text.encode() for key, text in more.items()]
    quoted = name.replace('"', "%22").encode()
    file = part % field.encode() + b'; filename="' + quoted + b'"\r\n\r\n' + content
    return b"\r\n".join([*texts, file, b"--limit--", b""])


def test_hostile_pictures_are_refused_and_cost_nothing(upload, database_url):
    before = contents(database_url)
    for name, content in corpus.refused_pictures().items():
        answer = upload("image_restyle", "image", content, style="poster")
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), name
        assert answer.json["fields"].keys() == {"image"}, name
        assert answer.json["fields"]["image"].endswith("."), name
    assert contents(database_url) == before


def test_nothing_passes_of_a_picture_but_its_pixels(client, upload):
    for index, (name, content) in enumerate(corpus.taken_pictures().items()):
        filename = NAMES[index % len(NAMES)]
        answer = upload("image_restyle", "image", content, filename, style="poster")
        assert answer.status_code == 201, (name, answer.json)
        address = answer.json["resultUrl"]
        made = client.get(address + "/download")
        assert made.mimetype in ("image/png", "image/jpeg"), name
        assert b"MARK" not in made.data and b"<script" not in made.data, name
        with Image.open(io.BytesIO(made.data)) as image:
            assert not image.getexif() and not getattr(image, "text", {}), name
            assert max(image.size) <= 1600, name
            if "side" in name:
                assert image.height > image.width, name


def test_hostile_documents_are_refused_and_cost_nothing(upload, database_url):
    before = contents(database_url)
    for name, content in corpus.refused_documents().items():
        answer = upload("document_conversion", "document", content, "x.md", format="pdf")
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_input"), name
        assert answer.json["fields"].keys() == {"document"}, name
    assert contents(database_url) == before
