"""Figures on the claims: what they show equals the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors

from coalition_models.errors import DataError
from coalition_models.hypotheses.contested import Contested
from coalition_models.report.figures.verdicts import (
    _short,
    forest_caption,
    plot_contested,
    plot_forest,
    plot_verdicts,
)


def test_the_matrix_shows_the_table(verdicts):
    plot = plot_verdicts(verdicts)
    shown = verdicts.table[list(plot.data.columns)]
    pd.testing.assert_frame_equal(plot.data, shown.reset_index(drop=True))
    (axis,) = plot.figure.axes
    # one cell with its letter and ratio per row of the table
    texts = [text.get_text() for text in axis.texts]
    assert len(texts) == len(axis.patches) == len(verdicts.table) == 12
    first = verdicts.table.iloc[0]
    assert texts[0] == f"{first['verdict'][0].upper()} {first['ratio']:.2f}"
    assert texts.count("x") == (verdicts.table["verdict"] == "untestable").sum() == 6
    assert [label.get_text() for label in axis.get_xticklabels()] == ["sim1", "sim2", "sim3"]
    tested = plot_verdicts(verdicts, untestable=False)
    assert set(tested.data["claim"]) == {"H02", "H29"}


@pytest.mark.parametrize("sets", [1, 3])
def test_legend_and_title_of_the_matrix_lie_inside_the_figure(verdicts, sets):
    names = list(verdicts.data_sets["data_set"])[:sets]
    some = replace(verdicts, table=verdicts.table[verdicts.table["data_set"].isin(names)])
    figure = plot_verdicts(some, title="What the literature claims, and these data say " * 3).figure
    figure.canvas.draw()
    whole = figure.bbox
    (legend,) = figure.legends
    parts = [legend, legend.get_title(), *legend.get_texts(), figure._suptitle]
    parts += figure.axes[0].get_yticklabels() + figure.axes[0].get_xticklabels()
    for part in parts:
        box = part.get_window_extent()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1
    assert legend.get_window_extent().y1 <= figure.axes[0].get_window_extent().y0


def test_the_matrix_gives_two_decimals():
    assert [_short(ratio) for ratio in (1.03, 0.996, 12.345, 250, 0.001)] == [
        "1.03", "1.00", "12.35", ">100", "<0.01",
    ]  # fmt: skip


def test_the_caption_of_a_forest_follows_what_is_drawn(verdicts):
    combined = plot_forest(verdicts, "H29").data
    assert forest_caption(combined) == "on 3 data sets; diamonds: 3 of them combined."
    assert combined["combinable"].all()
    few = (verdicts.table["claim"] == "H29") & (verdicts.table["data_set"] != "sim1")
    reasons = verdicts.table["reason"].where(~few, "8 events are fewer than 10")
    none = verdicts.meta[verdicts.meta["claim"] != "H29"]
    alone = replace(verdicts, table=verdicts.table.assign(reason=reasons), meta=none)
    plot = plot_forest(alone, "H29")
    assert plot.data["combinable"].tolist() == [True, False, False]
    faces = [
        line.get_markerfacecolor() for line in plot.figure.axes[0].lines if line.get_marker() == "o"
    ]
    assert [face == "white" for face in faces] == [False, True, True]
    caption = forest_caption(plot.data)
    assert "diamonds" not in caption
    assert "nothing is combined, since 1 of them can be and two are needed" in caption
    assert "Hollow: too few events" in caption


def test_the_forest_shows_each_set_and_both_combinations(verdicts):
    plot = plot_forest(verdicts, "H29")
    rows = verdicts.table.query("claim == 'H29'")
    meta = verdicts.meta.query("claim == 'H29'").iloc[0]
    data = plot.data.set_index("label")
    single = data[data["kind"] == "data set"]
    assert list(single.index) == ["sim1", "sim2", "sim3"]
    assert (rows["step"] != 1).all()
    for shown, ratio in (("estimate", "ratio"), ("low", "ratio_low"), ("high", "ratio_high")):
        assert np.exp(single[shown].to_numpy()) == pytest.approx(rows[ratio].to_numpy())
    for kind in ("fixed", "random"):
        line = data[data["kind"] == kind].iloc[0]
        assert line[["estimate", "low", "high"]].tolist() == [
            meta[kind], meta[f"{kind}_low"], meta[f"{kind}_high"],
        ]  # fmt: skip
    (axis,) = plot.figure.axes
    marks = [line.get_xdata()[0] for line in axis.lines if line.get_marker() in ("o", "D")]
    assert marks == pytest.approx(np.exp(plot.data["estimate"]).tolist())


def test_a_claim_that_was_not_tested_has_no_forest(verdicts):
    with pytest.raises(DataError, match="'H08' was tested on no data set; tested: H02, H29"):
        plot_forest(verdicts, "H08")


def test_the_contested_figure_shows_every_combination(elections):
    plot = plot_contested(elections)
    limits = ["ratio_low", "ratio_high"]
    pd.testing.assert_frame_equal(plot.data.drop(columns=limits), elections.table)
    marks = [
        (line.get_ydata()[0], line.get_markerfacecolor() != "white")
        for axis in plot.figure.axes
        for line in axis.lines
        if line.get_marker() in ("o", "s", "^")
    ]
    table = elections.table
    table = table[table["sign"] != ""]
    assert sorted(marks) == sorted(zip(table["ratio"], table["p_value"] < 0.05, strict=True))
    nothing = Contested("elections", "iraq", elections.table.assign(sign=""), elections.choices)
    with pytest.raises(DataError, match="nothing to draw"):
        plot_contested(nothing)


def test_panels_of_the_contested_figure_name_their_ratio_and_share_a_scale(elections):
    axes = plot_contested(elections).figure.axes
    axes = [axis for axis in axes if axis.get_visible()]
    named = [axis for axis in axes if axis.get_ylabel()]
    units = {axis.get_title(loc="left").split("\n")[0]: axis.get_ylabel() for axis in named}
    assert units.pop("state-month") == "hazard ratio"
    assert units
    assert set(units.values()) == {"odds ratio"}
    assert len({axis.get_ylim() for axis in axes}) == 1
    (legend,) = axes[0].figure.legends
    shown = {colors.to_hex(line.get_color()) for axis in axes for line in axis.lines}
    assert "#d55e00" in shown
    assert "orange: fewer" in legend.get_title().get_text()


def test_intervals_of_the_contested_figure_are_of_cells_and_fits(elections):
    data = plot_contested(elections).data
    leaders = data[data["exit_yes"].notna()].iloc[0]
    cells = leaders[["exit_yes", "exit_no", "stay_yes", "stay_no"]].to_numpy(dtype=float)
    cells = cells + 0.5 * (cells == 0).any()
    reach = 1.959964 * np.sqrt((1 / cells).sum())
    assert leaders["ratio_low"] == pytest.approx(np.exp(leaders["estimate"] - reach))
    assert leaders["ratio_high"] == pytest.approx(np.exp(leaders["estimate"] + reach))
    months = data[data["exit_yes"].isna()]
    outside = (months["ratio_low"] > 1) | (months["ratio_high"] < 1)
    assert (outside == (months["p_value"] < 0.05)).all()
    # those of the fit, whatever the p-value
    sure = elections.table.assign(p_value=0.05)
    edge = plot_contested(Contested("elections", "iraq", sure, elections.choices)).data
    edge = edge[edge["exit_yes"].isna()]
    assert np.log(edge["ratio_low"]).to_numpy() == pytest.approx(edge["conf_low"].to_numpy())
    assert np.log(edge["ratio_high"]).to_numpy() == pytest.approx(edge["conf_high"].to_numpy())
    drawn = sum(len(axis.collections) for axis in plot_contested(elections).figure.axes)
    assert drawn == (data["sign"] != "").sum()
