"""gunicorn's own records, written as all others."""

from typing import Any

from gunicorn.glogging import Logger

from creditsapp.logs import writing
from creditsapp.settings import load_settings


class ServerLogger(Logger):
    """Goes where gunicorn's options say, in the form that LOG_FORMAT says."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up, at the start and again after a reload."""
        super().setup(cfg)
        log_format = load_settings().log_format
        writing.install(log_format)
        writing.take_what_python_prints()
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(writing.formatter(log_format))
