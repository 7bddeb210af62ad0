"""The WSGI application: `flask` commands and gunicorn start here."""

from creditsapp import create_app
from creditsapp.settings import SettingsError

try:
    app = create_app()
except SettingsError as error:
    raise SystemExit(f"These settings are missing or wrong:\n{error}") from None
