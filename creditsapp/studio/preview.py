"""What is shown of a result: a picture with its size, or a page by itself."""

import io
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

THUMBNAIL = (480, 480)


@dataclass(frozen=True)
class Preview:
    """What a browser can show; a picture says how large it is, as far as that is known."""

    media_type: str
    content: bytes
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


def preview_file(media_type: str, content: bytes) -> Preview | None:
    """A picture or plain text as it is; None for all else."""
    if media_type == "text/plain":
        return Preview(media_type, content)
    if not media_type.startswith("image/"):
        return None
    try:
        with Image.open(io.BytesIO(content)) as image:
            return Preview(media_type, content, *image.size)
    except UnidentifiedImageError:  # drawn, not painted: SVG
        return Preview(media_type, content)


def shrink(picture: Preview) -> Preview:
    """A picture for a card: small where it is painted, as it is where it is drawn."""
    try:
        image = Image.open(io.BytesIO(picture.content))
    except UnidentifiedImageError:
        return picture
    image.thumbnail(THUMBNAIL)
    file = io.BytesIO()
    image.convert("RGB").save(file, "WEBP", quality=80)
    return Preview("image/webp", file.getvalue(), *image.size)
