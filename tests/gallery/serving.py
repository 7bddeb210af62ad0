"""The gallery's database, and its states as answers of the app, with the app in this process."""

import io
from contextlib import contextmanager

from creditsapp import create_app
from creditsapp.extensions import db
from tests.builders import csrf_token
from tests.gallery.people import populate
from tests.gallery.wsgi import extended


class Gallery:
    """The app on a database where everybody is, and a client for each of them."""

    def __init__(self, settings):
        self.app = extended(create_app(settings))
        self.app.testing = False
        self.database_url = settings.database_url
        with self.app.app_context():
            self.people = populate(self.database_url)
            db.session.remove()
        self._clients = {}

    def address(self, state):
        """The state's path with the ids of who looks."""
        return state.path.format(**self.people[state.who].ids) if "{" in state.path else state.path

    def client(self, who):
        """A client that is signed in as this person."""
        if who not in self._clients:
            client = self._clients[who] = self.app.test_client()
            if who != "nobody":
                assert client.get(f"/-/sign-in/{self.people[who].user_id}").status_code == 200
        return self._clients[who]

    def answer(self, state):
        """What the app answers, as far as it does so without the script."""
        client, address = self.client(state.who), self.address(state)
        if state.post is None:
            return client.get(address)
        fields = {"csrf_token": csrf_token(client.get("/-/token").text)} | state.post
        files = {name: as_file(value) for name, value in fields.items() if isinstance(value, bytes)}
        return client.post(address, data=fields | files, follow_redirects=True)


def as_file(content):
    """Bytes as the test client uploads them."""
    return io.BytesIO(content), "upload"


@contextmanager
def opened(settings):
    """A gallery for as long as the block."""
    gallery = Gallery(settings)
    try:
        yield gallery
    finally:
        with gallery.app.app_context():
            db.session.remove()
            db.engine.dispose()
