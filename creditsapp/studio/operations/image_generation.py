"""Image generation: a few words give a picture, drawn here and the same for the same words."""

import io

from PIL import Image

from creditsapp.studio.operation import Result, TextField, operation, short_title
from creditsapp.studio.operations.pictures.abstract import paint_abstract
from creditsapp.studio.operations.pictures.canvas import HEIGHT, WIDTH
from creditsapp.studio.operations.pictures.colors import light_of
from creditsapp.studio.operations.pictures.land import paint_land
from creditsapp.studio.operations.pictures.motifs import motifs_of
from creditsapp.studio.operations.pictures.sky import paint_sky
from creditsapp.studio.operations.prompts import chance


def preview_picture(png: bytes) -> tuple[str, bytes]:
    """Show the picture itself."""
    return "image/png", png


@operation(
    title="Image generation",
    action="Generate image",
    noun=("image", "images"),
    summary="Describe a scene or ask for something abstract and get a picture of it.",
    cost=5,
    fields=[
        TextField(
            "prompt",
            "Describe the picture",
            hint="Mountains, the sea, a city at night, flowers, stars, or an abstract pattern.",
            max_length=500,
            multiline=True,
            placeholder="Snowy mountains by a lake at dawn",
        )
    ],
    preview=preview_picture,
    order=20,
)
def image_generation(prompt: str) -> Result:
    """Draw a picture from a description."""
    random = chance(prompt)
    light, motifs = light_of(prompt, random), motifs_of(prompt, random)
    if "abstract" in motifs:
        image = paint_abstract(light, random)
    else:
        horizon = HEIGHT * (random.uniform(0.54, 0.62) if "water" in motifs else 0.5)
        image = paint_sky(light, motifs, random, horizon)
        paint_land(image, light, motifs, random, horizon)
    file = io.BytesIO()
    image.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.LANCZOS).save(file, "PNG")
    return Result(short_title(prompt), "image/png", "png", file.getvalue())
