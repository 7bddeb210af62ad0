"""Creations, made by the studio's operations themselves."""

import io

from PIL import Image

from creditsapp.services import creations, holds
from creditsapp.studio.operations import OPERATIONS


def make_one(user, name, **raw):
    """Do an operation for a user; return the creation's id."""
    operation = OPERATIONS[name]
    result = operation.run(**operation.read(raw))
    hold = holds.hold(user, 1, operation=name)
    creation, _entry = creations.keep(
        user,
        hold.id,
        operation=name,
        title=result.title,
        media_type=result.media_type,
        extension=result.extension,
        content=result.content,
    )
    return creation.id


def make_one_of_each(user, words):
    """A creation of each kind with a long title; return their ids by kind."""
    text = f"# {words}\n\nSome text.\n\n## Another\n\n- one\n- two\n"
    return {
        "theme": make_one(user, "theme_generation", prompt=words),
        "picture": make_one(user, "image_generation", prompt=words),
        "restyled": make_one(user, "image_restyle", image=picture(), style="poster"),
        "slides": make_one(user, "document_conversion", text=text, format="html"),
        "word": make_one(user, "document_conversion", text=text, format="docx"),
        "pdf": make_one(user, "document_conversion", text=text, format="pdf"),
    }


def picture():
    """A small PNG."""
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((64, 48)).save(file, "PNG")
    return file.getvalue()
