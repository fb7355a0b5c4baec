"""Ticks of ratios: plain numbers, enough to read a value by; pictures drawn by processes."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.report.figures.style import DrawnOnce, draw_all, mark_ratios, new_figure


@pytest.mark.parametrize("most", [5, 9])
@pytest.mark.parametrize(
    ("low", "high"),
    [(0.9, 2.1), (1.03, 1.08), (0.99, 3.6), (0.05, 20), (0.008, 4), (1e-8, 1e9), (0.3, 0.9)],
)
def test_ticks_are_at_least_three_and_at_most_as_many_as_there_is_room_for(low, high, most):
    _, (axis,) = new_figure(2, 2)
    axis.set_xscale("log")
    axis.set_xlim(low, high)
    mark_ratios(axis.xaxis, most)
    ticks = [tick for tick in axis.get_xticks() if low <= tick <= high]
    assert 3 <= len(ticks) <= most
    assert len(axis.get_xticks(minor=True)) == 0
    labels = axis.xaxis.get_major_formatter().format_ticks(ticks)
    assert [float(label) for label in labels] == pytest.approx(ticks)
    assert len(set(labels)) == len(ticks)


def test_axes_come_row_by_row():
    figure, axes = new_figure(4, 4, rows=2, columns=2)
    assert [tuple(axis.get_subplotspec().rowspan) for axis in axes] == [(0,), (0,), (1,), (1,)]
    assert figure.axes == axes


def test_pictures_drawn_in_other_processes_have_the_same_bytes():
    def plots():
        found = []
        for height in (2, 3, 4):
            figure, (axis,) = new_figure(3, height)
            axis.plot([1, 2], [height, 1])
            found.append(DrawnOnce(figure, pd.DataFrame()))
        return found

    one, two = plots(), plots()
    draw_all(one, ["svg", "png"])
    draw_all(two, ["svg", "png"], workers=2)
    assert [plot._made for plot in one] == [plot._made for plot in two]
    assert all(set(plot._made) == {"svg", "png"} for plot in two)
