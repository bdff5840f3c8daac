"""What the viewer's style sheets promise to the eye."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SERIES = Path(settings.BASE_DIR) / "static/css/viewer/series.css"


def color_of(name: str, prop: str) -> str:
    rule = re.search(rf"\.{name} {{(.*?)}}", SERIES.read_text(), re.DOTALL)
    return re.search(rf"{prop}: #([0-9a-f]{{6}})", rule[1])[1]


def luminance_of(color: str) -> float:
    """Relative luminance, 0 to 1, as in WCAG 2.2."""
    values = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("bar", ["below", "above", "abstained"])
def test_the_bars_of_the_ai_strip_stand_out_from_its_ground(bar):
    ground = luminance_of(color_of("vw-ai-strip-plot", "background"))
    assert (luminance_of(color_of(f"vw-ai-strip-{bar}", "fill")) + 0.05) / (ground + 0.05) > 3
