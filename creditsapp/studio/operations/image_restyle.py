"""Image restyle: a picture that the user uploads, shown in another style."""

import io

from PIL import Image

from creditsapp.studio.operation import MAX_CONTENT, ChoiceField, Result, UploadField, operation
from creditsapp.studio.operations.restyling.styles import STYLES
from creditsapp.studio.operations.restyling.uploads import open_picture
from creditsapp.translation import gettext as _
from creditsapp.translation import gettext_noop as N_
from creditsapp.translation import plural


@operation(
    title=N_("Image restyle"),
    action=N_("Restyle image"),
    noun=plural("restyled image", "restyled images"),
    summary=N_("Upload a picture and get it as a watercolour, a sketch, a poster and more."),
    cost=5,
    fields=[
        UploadField(
            "image",
            N_("Picture"),
            hint=N_("PNG, JPEG, WebP or GIF, at most 8 MB and 40 megapixels."),
            accept="image/png,image/jpeg,image/webp,image/gif",
            max_bytes=8_000_000,
            check=open_picture,
        ),
        ChoiceField(
            "style",
            N_("Style"),
            choices=tuple((name, label) for name, (label, _restyle) in STYLES.items()),
            default="watercolour",
        ),
    ],
    order=30,
)
def image_restyle(image: Image.Image, style: str) -> Result:
    """Show a picture in a style."""
    label, restyle = STYLES[style]
    restyled = restyle(image)
    title = _("%(style)s of a picture", style=_(label))
    # Flat colours make the smaller PNG; everything else is painted, and that is JPEG's business.
    if restyled.mode == "P":
        return Result(title, "image/png", "png", _encode(restyled, "PNG"))
    sizes = (_encode(restyled, "JPEG", quality=quality) for quality in (88, 75, 55, 30))
    content = next(each for each in sizes if len(each) <= MAX_CONTENT)
    return Result(title, "image/jpeg", "jpg", content)


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, optimize=True, **options)
    return file.getvalue()
