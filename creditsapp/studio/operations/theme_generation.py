"""Theme generation: a few words give an accessible colour theme as CSS."""

from creditsapp.studio.operation import Result, TextField, operation, short_title
from creditsapp.studio.operations.themes.palette import dark_variant, light_variant, seed_of
from creditsapp.studio.operations.themes.preview import about_theme, preview_theme
from creditsapp.studio.operations.themes.stylesheet import write_stylesheet
from creditsapp.translation import gettext_noop as N_
from creditsapp.translation import plural


@operation(
    title=N_("Theme generation"),
    action=N_("Generate theme"),
    noun=plural("theme", "themes"),
    summary=N_("Describe a mood and get an accessible colour theme as CSS, light and dark."),
    cost=1,
    fields=[
        TextField(
            "prompt",
            N_("Describe the theme"),
            hint=N_("Colours, places, seasons and moods all work."),
            max_length=500,
            multiline=True,
            placeholder=N_("A calm ocean at sunset"),
            examples=(
                N_("A calm ocean at sunset"),
                N_("A forest in autumn"),
                N_("Soft lavender, elegant"),
                N_("Neon city at night"),
            ),
        )
    ],
    preview=preview_theme,
    about=about_theme,
    page="studio/results/theme_generation.html",
    order=10,
)
def theme_generation(prompt: str) -> Result:
    """Make the stylesheet of a theme from a description."""
    seed = seed_of(prompt)
    css = write_stylesheet(prompt, light_variant(seed), dark_variant(seed))
    return Result(short_title(prompt), "text/css", "css", css.encode())
