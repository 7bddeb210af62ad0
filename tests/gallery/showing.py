"""The gallery under gunicorn, outside of a test run: for pictures and for audits."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import migrate, settings_for
from tests.gallery.serving import opened
from tests.servers import Servers


@contextmanager
def shown():
    """The gallery, and where it is served for as long as the block."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/credits.db"
        migrate(url)
        with opened(settings_for(url)) as gallery:
            servers = Servers(url, Path(folder))
            with servers.app_alone("tests.gallery.wsgi:application()"):
                yield gallery, servers.url
