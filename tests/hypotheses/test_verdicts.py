"""Verdicts: one rule, the same whatever the order of rows, workers and other claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from coalition_models.errors import DataError, FitError, FormulaError
from coalition_models.hypotheses import columns, verdicts
from coalition_models.hypotheses.claims import read_plan, select
from coalition_models.hypotheses.rule import judge, verdict_rule
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.exposure import too_few
from coalition_models.timelines.clock import on_clock

#: columns that say how other claims fared
FAMILY = ["q_value", "discovery", "strength", "same_as", "counted"]


def test_few_events_decide_nothing(pulses):
    """Whatever the effect; the reason is given."""
    panel = pulses(80, effect=4.0, hazard=0.004, seed=1)
    happened = panel.index[(panel["event"] == 1) & (panel["leader_change"] == 1)]
    other = panel.index[(panel["event"] == 1) & (panel["leader_change"] == 0)]
    assert min(len(happened), len(other)) >= 5
    for events, reason in (
        (4, "4 unexposed events in 4 clusters are fewer than 5 in 5"),
        (len(other), ""),
    ):
        kept = [*happened, *other[:events]]
        rows = panel.assign(event=panel.index.isin(kept).astype(int))
        found = run(rows, "H02", robust=False).table.iloc[0]
        assert found[["p_value", "p_jackknife", "p_wild"]].max() < 0.01
        assert found["reason"] == reason
        assert found["verdict"] == ("inconclusive" if reason else "supported")
        assert found["unexposed_events"] == events


def test_the_rule_decides_every_row_and_is_printed_with_the_table(bundled):
    tested = bundled.table.query("verdict != 'untestable'")
    for row in tested.itertuples():
        found = bundled.estimates[row.claim, row.data_set]
        assert row.verdict == judge(
            row.sign,
            row.estimate,
            [row.p_jackknife, row.p_wild],
            (np.log(row.ratio_low), np.log(row.ratio_high)),
            undecided=row.reason,
            level=bundled.level,
        )
        two_valued = not np.isnan(row.exposed_events)
        assert two_valued == found.two_valued
        if two_valued:
            assert row.exposed_events + row.unexposed_events == row.events
            few = min(row.exposed_events, row.unexposed_events) < 5
            assert few <= (row.reason != "")
        else:
            assert row.reason == too_few(row.events, None)
    assert "inconclusive" in set(tested["verdict"])
    assert bundled.rule == verdict_rule()
    table = bundled.to_table()
    plain = bundled.rule.replace("<", r"\textless{}")
    assert plain in table.latex()
    assert bundled.rule in table.markdown()
    assert " ".join(bundled.rule.split()) in " ".join(table.text().split())
    counts = bundled.counts()
    assert counts.loc["untestable", "un"] == (bundled.table["data_set"] == "un").sum() > 0
    assert counts.to_numpy().sum() == bundled.table["counted"].sum()
    able = tested[tested["counted"] & (tested["reason"] == "")]
    assert bundled.expected_by_chance() == pytest.approx(0.05 * len(able))
    assert f"Expected by chance: {0.05 * len(able):.1f} small p-values" in table.text()


def adjusted(p_values):
    """Benjamini and Hochberg (1995), step by step."""
    order = sorted(p_values)
    n = len(order)
    return {
        p: min(min(1.0, n * other / (rank + 1)) for rank, other in enumerate(order) if other >= p)
        for p in order
    }


def test_q_is_benjamini_and_hochberg_on_each_data_set(bundled):
    tested = bundled.table.query("verdict != 'untestable'")
    awaited = {"rsm: announced exit", "unosom2: announced exit"}
    assert set(bundled.family) == {"iraq", "isaf", "forms", "leaders"} | awaited
    for name, part in tested.groupby("data_set"):
        by_hand = adjusted(part["p_value"].tolist())
        assert bundled.family[name] == len(part) == part["p_value"].nunique()
        assert (part["q_value"] >= part["p_value"]).all()
        assert part["q_value"].tolist() == pytest.approx([by_hand[p] for p in part["p_value"]])
    assert f"{bundled.family['iraq']} on iraq" in bundled.to_table().text()


def test_opposite_claims_on_one_coefficient_are_one_test(pulses):
    panel = pulses(60, effect=1.0, term="democracy_polity", leader_change="pulse", seed=9)
    found = run(panel, ["H17", "H18", "H02"], robust=False, q=0.01).table
    assert found["verdict"].tolist() == ["inconclusive", "supported", "contradicted"]
    leader, less, more = found["p_value"]
    assert less == more
    by_hand = adjusted([leader, less])
    assert found["q_value"].tolist() == pytest.approx(
        [by_hand[leader], by_hand[less], by_hand[less]]
    )
    assert found["discovery"].tolist() == [False, by_hand[less] < 0.01, by_hand[less] < 0.01]
    # one coefficient counts once, for the claim that stands first
    assert found["same_as"].tolist() == ["", "", "H17"]
    assert found["counted"].tolist() == [True, True, False]


@pytest.mark.slow
def test_no_verdict_depends_on_the_order_of_rows(alone, iraq):
    patch = alone()
    shuffled = iraq.sample(frac=1.0, random_state=3)
    assert not shuffled.index.equals(iraq.index)
    try:
        one, other = run({"iraq": iraq}, robust=False), run({"iraq": shuffled}, robust=False)
        grids = [run({"iraq": rows}, "H02").robustness["H02", "iraq"] for rows in (iraq, shuffled)]
    finally:
        patch.undo()
    # all but the form of defection run here, and so does one that names none of these sets: the
    # new leader of interstate wars; not what is common to all members of one coalition
    assert (one.table["verdict"] != "untestable").sum() == 15
    common = one.table["reason"].str.startswith("not identified on one coalition")
    assert one.table.loc[common, "claim"].tolist() == ["H07", "H09", "H10"]
    # where rows are named as an example, they stand elsewhere
    tables = [
        found.table.replace({"deviations": r" \(rows [\d, ]+\)"}, "", regex=True)
        for found in (one, other)
    ]
    assert_frame_equal(*tables, rtol=1e-6, atol=1e-9)
    assert_frame_equal(grids[0].grid, grids[1].grid, rtol=1e-6, atol=1e-9)
    left = [grid.without_one.set_index("left_out").sort_index() for grid in grids]
    assert_frame_equal(*left, rtol=1e-6, atol=1e-9)


def test_no_verdict_depends_on_the_other_claims(alone, iraq):
    patch = alone()
    try:
        together = run({"iraq": iraq}, robust=False).table.set_index("claim")
        for claim in ("H03", "H09", "H26", "H29", "H31", "H37", "H44"):
            by_itself = run({"iraq": iraq}, claim, robust=False).table.set_index("claim")
            assert_frame_equal(
                by_itself.drop(columns=FAMILY), together.loc[[claim]].drop(columns=FAMILY)
            )
            assert by_itself["q_value"].equals(by_itself["p_value"].rename("q_value"))
    finally:
        patch.undo()


def test_a_claim_on_a_clock_is_tested_on_it(iraq, monkeypatch):
    panel = iraq.assign(leader_change=iraq["stop"] / 12)
    claim = replace(select("H37")[0], clock="coalition")
    monkeypatch.setattr(verdicts, "select", lambda ids: (claim,))
    found = run({"iraq": panel}, robust=False).table.iloc[0]
    timed = estimate_term(on_clock(panel, "coalition"), "leader_change")
    assert (found["estimate"], found["p_value"]) == (timed.estimate, timed.p_value)
    bare = run({"iraq": panel.drop(columns="period")}, robust=False).table.iloc[0]
    assert bare["verdict"] == "untestable"
    assert bare["reason"].startswith("needs the coalition's clock")


@pytest.mark.slow
def test_workers_change_nothing(pulses):
    panels = {name: pulses(40, seed=seed) for name, seed in (("b", 1), ("a", 2))}
    one, two = (run(panels, ["H37", "H02"], workers=workers) for workers in (1, 2))
    assert_frame_equal(one.table, two.table, check_exact=True)
    assert_frame_equal(one.meta, two.meta, check_exact=True)
    assert one.table[["claim", "data_set"]].to_numpy().tolist() == [
        ["H02", "b"], ["H02", "a"], ["H37", "b"], ["H37", "a"],
    ]  # fmt: skip
    for key, cell in one.robustness.items():
        assert_frame_equal(cell.grid, two.robustness[key].grid, check_exact=True)
    assert list(one.robustness) == list(two.robustness)


def test_numbers_are_per_step_and_in_the_direction_expected(bundled):
    tested = bundled.table.query("verdict != 'untestable'").set_index(["claim", "data_set"])
    size = tested.loc[("H29", "iraq")]
    found = bundled.estimates["H29", "iraq"]
    values = found.fit.engine.sample.matrix[:, found.fit.names.index("log_troops")]
    assert size["step"] == pytest.approx(np.std(values))
    assert size["ratio"] == pytest.approx(np.exp(size["estimate"] * size["step"]))
    assert tested.loc[("H02", "iraq"), "step"] == 1
    down = tested["sign"] == "-"
    assert (tested.loc[down, "smallest_ratio"] < 1).all()
    assert (tested.loc[~down, "smallest_ratio"] > 1).all()
    assert down.sum() >= 5


def spans(**columns):
    """A table of values in force from 2003 on."""
    return pd.DataFrame(
        {"start": pd.Timestamp("2003-01-01"), "end": pd.NaT, **columns}
    ).astype({"end": "datetime64[ns]"})  # fmt: skip


def test_your_own_tables_make_claims_run(alone, iraq):
    states = sorted(iraq["cow"].unique())
    share = {cow: (7 * cow % 11) / 10 for cow in states}
    tables = {
        "front_overlap": spans(
            coalition="iraq", cow=states, front_overlap=[share[cow] for cow in states]
        ),
        "war_powers": spans(cow=states[:25], war_powers=[cow % 2 for cow in states[:25]]),
        "threat": spans(cow=states, threat=[float(cow % 5) for cow in states]),
    }
    ids = ["H08", "H26", "H49"]
    patch = alone()
    try:
        without = run({"iraq": iraq}, ids, robust=False).table
        found = run({"iraq": iraq}, ids, robust=False, tables=tables)
    finally:
        patch.undo()
    assert without["verdict"].tolist() == ["untestable"] * 3
    assert "untestable" not in found.table["verdict"].tolist()
    own = iraq.assign(
        front_overlap=iraq["cow"].map(share),
        war_powers=(iraq["cow"] % 2).where(iraq["cow"].isin(states[:25])),
        threat=iraq["cow"] % 5,
    )
    given = run({"iraq": own}, ids, robust=False).table
    columns = ["estimate", "std_error", "p_value", "rows", "events", "verdict"]
    assert_frame_equal(found.table[columns], given[columns], rtol=1e-9)
    assert given["deviations"].str.startswith("taken from the panel as given: ").all()
    assert found.table["rows"].tolist()[1] == own["war_powers"].notna().sum() < len(iraq)


def test_a_bad_table_is_refused_with_its_rows(alone, iraq):
    backward = spans(cow=[230, 290], threat=[1.0, 2.0]).assign(end=pd.Timestamp("2002-01-01"))
    twice = spans(cow=[230, 230], war_powers=[1, 0])
    short = spans(cow=[230]).drop(columns="end")
    patch = alone()
    try:
        for claim, table, said in (
            ("H26", {"war_powers": twice}, r"H26 on iraq: .*overlap"),
            ("H49", {"threat": backward}, r"(?s)H49 on iraq: .*an end before it: row 0"),
            ("H26", {"war_powers": short}, r"H26 on iraq: .*lacks the columns"),
        ):
            with pytest.raises(DataError, match=said):
                run({"iraq": iraq}, claim, robust=False, tables=table)
    finally:
        patch.undo()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"term": "election_naer"}, r"H01 on iraq: .*election_naer.*nearest: election_near"),
        ({"controls": ("log_deaths_21m",)}, r"H01 on iraq: .*log_deaths_21m, which nothing makes"),
        ({"derive": {"election_near": "lgo1p(post_election)"}}, r"H01 on iraq: .*lgo1p"),
    ],
)
def test_a_slip_in_the_plan_is_told_with_the_claim(iraq, monkeypatch, change, said):
    claim = replace(select("H01")[0], **change)
    monkeypatch.setattr(verdicts, "select", lambda ids: (claim,))
    with pytest.raises(DataError, match=said):
        run({"iraq": iraq}, "H01", robust=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"builder": "add_election"}, r"H01 on iraq: .*'add_election'.*nearest: add_elections"),
        ({"args": {"widow": 6}}, r"H01 on iraq: .*argument widow.*nearest: window"),
        ({"args": {"window": -1}}, r"H01 on iraq: .*window"),
    ],
)
def test_a_slip_in_a_step_is_told_with_the_claim(iraq, monkeypatch, change, said):
    plan = read_plan()
    steps = {**plan.steps, "elections": replace(plan.steps["elections"], **change)}
    monkeypatch.setattr(columns, "read_plan", lambda: replace(plan, steps=steps))
    with pytest.raises(DataError, match=said):
        run({"iraq": iraq}, "H01", robust=False)


@pytest.mark.parametrize("kind", [DataError, FormulaError])
def test_a_model_that_cannot_be_written_is_told_with_the_claim(iraq, monkeypatch, kind):
    def refuse(*given, **options):
        raise kind("no such column")

    monkeypatch.setattr(verdicts, "estimate_term", refuse)
    with pytest.raises(kind, match="H01 on iraq: no such column"):
        run({"iraq": iraq}, "H01", robust=False)


def test_a_fit_that_fails_makes_a_claim_untestable(iraq, monkeypatch):
    def fail(*given, **options):
        raise FitError("no event in the rows")

    monkeypatch.setattr(verdicts, "estimate_term", fail)
    row = run({"iraq": iraq}, "H01", robust=False).table.iloc[0]
    assert (row["verdict"], row["reason"]) == ("untestable", "no event in the rows")


def test_options_out_of_range_are_refused(iraq, pulses):
    panel = pulses(20)
    for name in ("q", "level", "power"):
        with pytest.raises(DataError, match=f"{name} must lie between 0 and 1"):
            run(panel, "H02", **{name: 1.0})
    with pytest.raises(DataError, match="no claim asks for a table named treat; known: aims,"):
        run(panel, "H02", tables={"treat": iraq})
    with pytest.raises(DataError, match="no data set named mars"):
        run(["iraq", "mars"], "H02")
    with pytest.raises(DataError, match="lacks the columns event"):
        run(panel.drop(columns="event"), "H02")


def test_a_panel_on_another_outcome_does_not_speak_to_a_claim(pulses):
    panel = pulses(40)
    (reason,) = run(panel, "H02", outcome="violation", robust=False).table["reason"]
    assert reason.startswith(
        "is on early exit or any defection, and this panel's event is violation"
    )


def test_a_panel_read_back_from_a_file_must_have_its_dates_again(iraq):
    for wrong in (
        iraq.assign(period=iraq["period"].astype(str)),
        iraq.assign(period=iraq["period"].dt.to_period("M")),
        iraq.assign(entry=iraq["entry"].astype(str)),
    ):
        with pytest.raises(DataError, match=r"must hold dates in (period|entry) .*pd\.to_datetime"):
            run(wrong, "H01", robust=False)
    with pytest.raises(DataError, match="repeated columns: state"):
        run(pd.concat([iraq, iraq[["state"]]], axis=1), "H01", robust=False)
