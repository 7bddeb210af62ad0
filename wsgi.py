"""The WSGI application: `flask` commands and gunicorn start here."""

from creditsapp import create_app
from creditsapp.settings import SettingsError

try:
    app = create_app()
except SettingsError as error:
    raise SystemExit(f"The settings do not do:\n{error}") from None
