"""The line under a figure makes that figure."""

from __future__ import annotations

import pytest

import coalition_models as cm
from coalition_models.report.figures.style import Plot
from coalition_models.report.lines import _LINES, line_of


@pytest.mark.parametrize(
    "name", ["participation", "survival", "defection_profiles", "questions_hollowing"]
)
def test_a_line_runs_and_gives_a_picture(name):
    made = eval(line_of(name), {"cm": cm})
    assert isinstance(made, Plot)
    assert len(made.data)


def test_every_line_can_be_read_and_names_pictures_that_there_are():
    for pattern, line in _LINES.items():
        filled = line.format("H01", "iraq")
        compile(filled, pattern, "eval")
        assert filled.split("(")[0].removeprefix("cm.plot.") in cm.plot.__all__
