"""Styles, script and pictures: kept for a year under a name that never means anything else."""

import gzip
import re

import pytest
from flask import Flask, url_for

from creditsapp import static_files
from tests.builders import register
from tests.servers import ROOT

STATIC = ROOT / "creditsapp" / "static"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FOR_A_YEAR = "public, max-age=31536000, immutable"


def lasting(app, filename):
    with app.test_request_context():
        return url_for("static", filename=filename)


@on_sqlite
def test_every_file_of_a_page_has_a_name_that_lasts_and_is_kept_for_a_year(client):
    register(client)
    for page in ("/", "/studio/", "/credits/"):
        found = client.get(page, follow_redirects=True).text
        addresses = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', found))
        assert len(addresses) > 10
        for address in addresses:
            name = re.fullmatch(r"/static/(.+)\.[0-9a-f]{12}(\.\w+)", address)
            answer = client.get(address)
            assert answer.status_code == 200
            assert answer.data == (STATIC / "".join(name.groups())).read_bytes()
            assert answer.headers["Cache-Control"] == FOR_A_YEAR
            assert "Cookie" not in answer.vary and "Set-Cookie" not in answer.headers


@on_sqlite
def test_a_plain_name_is_asked_about_each_time(client):
    plain = client.get("/static/css/base.css")
    assert plain.data == (STATIC / "css" / "base.css").read_bytes()
    assert plain.headers["Cache-Control"] == "public, no-cache" and "Cookie" not in plain.vary
    for etags in (plain.headers["ETag"], f'"another", W/{plain.headers["ETag"]}', "*"):
        again = client.get("/static/css/base.css", headers={"If-None-Match": etags})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == "public, no-cache"
        assert again.headers["ETag"] == plain.headers["ETag"]


@on_sqlite
def test_the_name_of_another_release_gets_what_is_there_and_nobody_keeps_it(client):
    answer = client.get("/static/app.0123456789ab.js")
    assert answer.data == (STATIC / "app.js").read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"


@on_sqlite
@pytest.mark.parametrize(
    "path",
    ["nothing.css", "nothing.0123456789ab.css", "app.0123456789ab.css", "app.0123456789AB.js"]
    + ["app", "css", "css/", "../wsgi.py", "%2e%2e/wsgi.py", "..%2f..%2fwsgi.py", "css//base.css"],
)
def test_what_is_not_there_is_404(client, path):
    answer = client.get(f"/static/{path}")
    assert answer.status_code in (404, 308) and answer.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_texts_are_sent_short_to_whom_takes_it(app, client):
    address, plain = lasting(app, "app.js"), (STATIC / "app.js").read_bytes()
    answers = {
        accepted: client.get(address, headers={"Accept-Encoding": accepted})
        for accepted in ("gzip, deflate, br, zstd", "*", "gzip;q=0", "identity", "")
    }
    for accepted, answer in answers.items():
        packed = accepted.startswith(("gzip,", "*"))
        assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None), accepted
        assert (gzip.decompress(answer.data) if packed else answer.data) == plain
        assert answer.vary == {"Accept-Encoding"}
    tags = {answer.headers["ETag"] for answer in answers.values()}
    assert len(tags) == 2  # other bytes, so no part of the one may be added to the other
    assert "Content-Encoding" not in client.get(lasting(app, "samples/image_restyle.webp")).headers


@on_sqlite
def test_head_tells_what_get_would_send_and_parts_are_not_offered(app, client):
    address = lasting(app, "css/base.css")
    whole = client.get(address)
    for answer in (whole, head := client.head(address)):
        answer.headers.remove("Date")
        answer.headers.remove("X-Request-ID")
    assert (head.data, head.headers) == (b"", whole.headers)
    for asked in ("bytes=0-0", "bytes=99999-", "bytes=0-1,3-4", "lines=1-2", "nonsense"):
        answer = client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.data) == (200, whole.data)


def test_a_folder_that_is_upgraded_under_a_running_process_changes_nothing_there(tmp_path):
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.js").write_text("first()")
    (folder / "notes.txt").write_text("for nobody")

    def started():
        app = Flask("another", static_folder=None, root_path=str(tmp_path))
        static_files.init_app(app)
        return app

    old = started()
    (folder / "app.js").write_text("second()")
    assert old.test_client().get(lasting(old, "app.js")).text == "first()"
    assert old.test_client().get("/static/notes.txt").status_code == 404
    static_files.files_of.cache_clear()  # as a new process has none
    new = started()
    assert new.test_client().get(lasting(new, "app.js")).text == "second()"
    assert lasting(new, "app.js") != lasting(old, "app.js")
    late = new.test_client().get(lasting(old, "app.js"))
    assert (late.text, late.headers["Cache-Control"]) == ("second()", "no-store")
