"""Theme generation: a few words give an accessible colour theme as CSS."""

from creditsapp.studio.operation import Result, TextField, operation, short_title
from creditsapp.studio.operations.themes.palette import dark_variant, light_variant, seed_of
from creditsapp.studio.operations.themes.preview import preview_theme
from creditsapp.studio.operations.themes.stylesheet import write_stylesheet


@operation(
    title="Theme generation",
    action="Generate theme",
    noun=("theme", "themes"),
    summary="Describe a mood and get an accessible colour theme as CSS, light and dark.",
    cost=1,
    fields=[
        TextField(
            "prompt",
            "Describe the theme",
            hint="Colours, places, seasons and moods all work.",
            max_length=500,
            multiline=True,
            placeholder="A calm ocean at sunset",
        )
    ],
    preview=preview_theme,
    order=10,
)
def theme_generation(prompt: str) -> Result:
    """Make the stylesheet of a theme from a description."""
    seed = seed_of(prompt)
    css = write_stylesheet(prompt, light_variant(seed), dark_variant(seed))
    return Result(short_title(prompt), "text/css", "css", css.encode())
