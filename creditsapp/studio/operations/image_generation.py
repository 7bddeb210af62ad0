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
from creditsapp.translation import gettext_noop as N_
from creditsapp.translation import plural


@operation(
    title=N_("Image generation"),
    action=N_("Generate image"),
    noun=plural("image", "images"),
    summary=N_("Describe a scene or ask for something abstract and get a picture of it."),
    cost=5,
    fields=[
        TextField(
            "prompt",
            N_("Describe the picture"),
            hint=N_("Mountains, the sea, a city at night, flowers, stars, or an abstract pattern."),
            max_length=500,
            multiline=True,
            placeholder=N_("Snowy mountains by a lake at dawn"),
            examples=(
                N_("Snowy mountains by a lake at dawn"),
                N_("A sailing boat at sunset"),
                N_("A city at night under the stars"),
                N_("An abstract pattern in blue and gold"),
            ),
        )
    ],
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
