"""The Flask extensions, made once and bound to each app by the factory."""

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from creditsapp.models.base import Base

db = SQLAlchemy(
    metadata=Base.metadata,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": False},
)
migrate = Migrate(db=db, render_as_batch=False)
login_manager = LoginManager()
csrf = CSRFProtect()
