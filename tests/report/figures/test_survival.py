"""Figures of staying: what is drawn, and the numbers under it."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError

ROWS = pd.DataFrame(
    {
        "start": [0, 0, 0, 4, 10, 0],
        "stop": [2, 12, 20, 30, 25, 9],
        "event": [1, 1, 0, 1, 1, 0],
        "risk": [2, 1, 0, 2, 1, 0],
        "side": list("aaabbb"),
    }
)


def numbers(plot):
    """Texts under the plot: position -> number, first group only."""
    below = plot.figure.axes[1]
    head, *rest = below.texts
    assert head.get_text() == "number at risk"
    return {t.get_position()[0]: t.get_text() for t in rest if t.get_position()[1] == 0}


def test_a_curve_is_drawn_as_it_stands():
    curve = cm.survival_curve(ROWS)
    plot = cm.plot.survival(curve, title="Still there")
    pd.testing.assert_frame_equal(plot.data, curve.table)
    line = plot.figure.axes[0].lines[0]
    assert line.get_xdata()[0] == 0
    assert line.get_xdata()[-1] == 30
    assert plot.figure.axes[0].get_title(loc="left") == "Still there"
    assert plot._repr_png_()


def test_the_number_at_risk_counts_those_who_entered():
    shown = numbers(cm.plot.survival(cm.survival_curve(ROWS)))
    # four enter at 0; at 10 rows 2 to 4 are at risk, and who enters at 10 is not yet
    assert shown[0] == "4"
    assert shown[10] == "3"
    assert shown[20] == "3"
    assert shown[30] == "1"


def test_contingents_in_iraq_at_entry():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    spells = panel.drop_duplicates(["state", "spell"])
    shown = numbers(cm.plot.survival(cm.survival_curve(panel)))
    assert shown[0] == str(int((spells["start"] == 0).sum()))


def test_a_group_without_an_event_is_drawn_and_counted():
    quiet = ROWS.assign(event=ROWS["event"].where(ROWS["side"] == "a", 0))
    curve = cm.survival_curve(quiet, by="side")
    plot = cm.plot.survival(curve)
    flat = plot.figure.axes[0].lines[1]
    assert flat.get_label() == "b"
    assert set(flat.get_ydata()) == {1.0}
    assert "No event, so survival stays 1: b." in str(curve)
    assert curve.median().isna().to_dict() == {"a": False, "b": True}


def test_what_is_missing_or_too_much_is_named():
    curve = cm.survival_curve(ROWS)
    with pytest.raises(DataError, match="leave out scenarios and times"):
        cm.plot.survival(curve, {"risk": 1})
    with pytest.raises(DataError, match=r"give scenarios such as \{'risk'"):
        cm.plot.survival(cm.cox("event ~ risk", ROWS))


def test_a_late_path_says_so_in_the_legend():
    fit = cm.cox("event ~ risk", ROWS)
    late = pd.DataFrame({"start": [5], "stop": [20], "risk": [1]})
    plot = cm.plot.survival(fit, late)
    axis = plot.figure.axes[0]
    assert axis.get_legend().get_texts()[0].get_text() == "path, given survival to 5"
    assert axis.lines[0].get_xdata()[0] == 5


def test_a_plot_tells_its_title_and_size():
    plot = cm.plot.survival(cm.survival_curve(ROWS), title="Still there")
    assert repr(plot) == "<Plot 'Still there': 7 x 3.6 inches, 4 rows of data>"
    assert repr(cm.survival_curve(ROWS, by="side")).startswith("<SurvivalCurve by side: 4 rows")
