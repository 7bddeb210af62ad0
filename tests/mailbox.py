"""What people find in their mail."""

import re

from sqlalchemy import select

from creditsapp.extensions import db
from creditsapp.mail import postman
from creditsapp.models import Mail


def mails(app):
    """All mails that went out, as (recipient, text), the newest last."""
    with app.app_context():
        postman.send_due()
        texts = db.session.scalars(
            select(Mail.text).where(Mail.text.is_not(None)).order_by(Mail.id)
        )
        found = [(re.search("^To: (.*)$", text, re.MULTILINE)[1], text) for text in texts]
        db.session.remove()
        return found


def link(app, to):
    """The path of the link in the newest mail to an address that has one."""
    paths = [
        re.search(r"(/auth/(?:verify|reset)/\S+)", text)
        for recipient, text in mails(app)
        if recipient == to
    ]
    return [path[1] for path in paths if path][-1]
