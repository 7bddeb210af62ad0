"""The settings: read once from the environment and `.env`, typed, and refused all at once."""

from creditsapp.settings.fields import Settings, SettingsError, load_settings
from creditsapp.settings.instance import INSTANCE, ROOT, instance_secret

__all__ = ["INSTANCE", "ROOT", "Settings", "SettingsError", "instance_secret", "load_settings"]
