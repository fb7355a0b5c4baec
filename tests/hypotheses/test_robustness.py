"""The grid of specifications and the fits without one cluster."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

import coalition_models as cm
from coalition_models.hypotheses.claims import select
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.data_sets import resolve, speaks_to
from coalition_models.hypotheses.published import (
    published_findings,
    sensitivity_table,
    sensitivity_words,
)
from coalition_models.hypotheses.readings import readings_of
from coalition_models.hypotheses.robustness import TOKEN, Robustness, check_robustness
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.without_one import WORST, leave_one_out
from coalition_models.record import Frozen, Record, keep_record, record_of, with_record
from coalition_models.timelines.clock import on_clock

WARNED = pytest.mark.filterwarnings("ignore:[0-9]+ clusters")


ROWS = ["peak_at_least", "measure", "clock", "controls", "estimator"]


def test_each_choice_is_made_alone_and_some_two_at_once(graded):
    # in one coalition the exits of others are common to all at one time
    assert ("H09", "iraq") not in graded.robustness
    found = graded.robustness["H02", "iraq"]
    grid = found.grid
    # a panel of one's own is taken as it stands
    assert list(found.choices) == ROWS
    assert found.rows_kept == "the set is made of rows, not of facts"
    assert set(grid["measure"]) == {"registered", "window 3", "window 12", "as_of end"}
    assert set(grid["clock"]) == {"entry", "coalition"}
    assert set(grid["peak_at_least"]) == {0, TOKEN}
    assert set(grid["estimator"]) == {"cox", "cox, Breslow ties", "logit"}
    changed = (grid[ROWS] != grid[ROWS].iloc[0]).sum(axis=1)
    assert changed.value_counts().sort_index().tolist() == [1, 11, 4]
    assert not grid.duplicated(ROWS).any()


@pytest.fixture(scope="module")
def rebuilt(alone):
    patch = alone()
    try:
        return cm.test_hypotheses("iraq", ["H02", "H04"], draws=0)
    finally:
        patch.undo()


def test_facts_are_read_otherwise_too(rebuilt):
    found = rebuilt.robustness["H02", "iraq"]
    assert found.choices == ("dates", "contested", "exit_date", "wind_up", *ROWS)
    assert found.rows_kept == ""
    grid = found.grid.set_index(list(found.choices))
    assert set(grid.index.get_level_values("exit_date")) == {"main", "announced", "last"}
    panel = cm.build_panel(cm.facts("iraq"), exit_date="announced")
    panel = cm.add_casualties(cm.add_leadership(panel), half_life=6)
    by_hand = estimate_term(panel, "leader_change", ["log_deaths_12m"])
    key = ("all", "main", "announced", 0, 0, "registered", "entry", "registered", "cox")
    line = grid.loc[key]
    assert line["estimate"] == pytest.approx(by_hand.estimate, rel=1e-9)
    assert line["p_value"] == pytest.approx(by_hand.p_value, rel=1e-9)
    assert found.mover in found.choices
    row = rebuilt.table.set_index("claim").loc["H02"]
    own = grid.loc[grid["family"] == "cox", "estimate"]
    assert row["robust_median"] == pytest.approx(np.exp(own.median() * row["step"]))
    assert row["robust_against"] == ((grid["estimate"] * row["estimate"] < 0)
                                     & (grid["p_value"] < 0.05)).mean()  # fmt: skip


def test_a_changed_fact_changes_the_sentences(rebuilt):
    """Spain decides half a year earlier; and it leaves a year later."""
    facts = cm.facts("iraq")
    changes = {"announced": pd.Timestamp("2003-08-20"), "exit": pd.Timestamp("2005-04-30")}
    spain = facts.members["state"].eq("ESP")
    said = []
    for column, day in changes.items():
        moved = facts.members[column].mask(spain, day)
        found = cm.test_hypotheses(
            facts.replace(members=facts.members.assign(**{column: moved})), ["H02"], draws=0
        )
        said.append(found)
    before, decided, gone = (
        found.robustness["H02", "iraq"].grid.set_index("exit_date") for found in (rebuilt, *said)
    )
    # by departure another day of decision is no other fact; by decision it is
    assert before.loc["main", "estimate"].iloc[0] == decided.loc["main", "estimate"].iloc[0]
    assert not np.array_equal(before.loc["announced", "z"], decided.loc["announced", "z"])
    assert before.loc["main", "estimate"].iloc[0] != gone.loc["main", "estimate"].iloc[0]
    lines, words, tables = [], [], []
    for found in (rebuilt, said[1]):
        lines.append(published_findings(found).set_index("claim").loc["H02", "line"])
        words.append(sensitivity_words(found.table.set_index("claim").loc["H02"].to_dict()))
        tables.append(sensitivity_table(found.table).rows)
        assert words[-1] in lines[-1]
    assert words[0] != words[1]
    assert tables[0] != tables[1]


@pytest.mark.slow
def test_a_column_that_is_lent_is_the_one_that_is_built(alone):
    """Readings share what does not look at which exits count."""
    patch = alone()
    try:
        data = resolve("iraq")
        bench = Bench("iraq", data.panel)
        readings, _ = readings_of(data, bench)
        claims = [one for one in select(None) if speaks_to(data.record, one) and one.term]
        for at, dimension in enumerate(readings.dimensions):
            if dimension.name == "exit_date":
                # other rows: nothing is lent
                continue
            for option in dimension.options_in_order[-1:]:
                chosen = {one.name: one.labels[0] for one in readings.dimensions}
                setting = option.choose(readings.base)
                chosen[dimension.name] = option.label
                mine = readings.at(replace(setting, chosen=chosen))
                anew = Bench("iraq", mine.panel)
                lent = 0
                for claim in claims:
                    try:
                        built = anew.measure(claim, alternatives=True)[0]
                    except cm.CoverageError:
                        continue
                    given = mine.measure(claim, alternatives=True)[0]
                    assert_frame_equal(given, built)
                    lent += 1
                assert lent > 5, (at, option.label)
    finally:
        patch.undo()


def test_scales_of_families_are_not_pooled():
    grid = pd.DataFrame({"family": ["cox", "cox", "logit"], "estimate": [1.0, 2.0, 50.0]})
    assert Robustness(grid, grid.iloc[:0]).median_ratio() == pytest.approx(np.exp(1.5))


def test_the_registered_cell_is_the_registered_test(graded, rebuilt):
    for run in (graded, rebuilt):
        for (claim, name), cell in run.robustness.items():
            first = cell.grid.iloc[0]
            assert first["measure"] == "registered"
            found = run.estimates[claim, name]
            assert first["estimate"] == pytest.approx(found.estimate, rel=1e-9)
            assert first["p_value"] == pytest.approx(found.p_value, rel=1e-6)


@WARNED
def test_a_cell_is_the_fit_made_by_hand(graded, iraq):
    panel = on_clock(cm.add_casualties(cm.add_leadership(iraq), half_life=6), "coalition")
    fit = cm.cox("event ~ leader_change + log_deaths_12m", panel, cluster="state",
                 variance="jackknife")  # fmt: skip
    grid = graded.robustness["H02", "iraq"].grid
    cell = grid.query(
        "clock == 'coalition' and measure == 'registered' and estimator == 'cox' and "
        "controls == 'registered' and peak_at_least == 0"
    )
    line = fit.tidy(reference="t").iloc[0]
    assert cell["estimate"].tolist() == pytest.approx([line["estimate"]], rel=1e-8)
    assert cell["p_value"].tolist() == pytest.approx([line["p_value"]], rel=1e-8)
    peak = cm.load("participation").set_index(["coalition", "state", "spell"])["peak_troops"]
    large = peak.reindex(pd.MultiIndex.from_frame(iraq[["coalition", "state", "spell"]])) >= TOKEN
    rows = cm.add_casualties(cm.add_leadership(iraq), half_life=6)[
        large.to_numpy(dtype=bool, na_value=False)
    ]
    by_hand = estimate_term(rows, "leader_change", ["log_deaths_12m"])
    cell = grid[(grid[ROWS[1:]] == grid[ROWS[1:]].iloc[0]).all(axis=1)]
    cell = cell[cell["peak_at_least"] == TOKEN]
    assert cell["estimate"].tolist() == pytest.approx([by_hand.estimate], rel=1e-8)
    assert len(rows) < len(iraq)


@pytest.mark.parametrize("kind", ["graded", "rebuilt"])
def test_shares_are_counts(request, kind):
    graded = request.getfixturevalue(kind)
    tested = graded.table.query("verdict != 'untestable'")
    assert list(zip(tested["claim"], tested["data_set"], strict=True)) == list(graded.robustness)
    for row in tested.itertuples():
        cell = graded.robustness[row.claim, row.data_set]
        for share, frame in (
            (row.robust_share, cell.grid), (row.without_one_share, cell.without_one),
        ):  # fmt: skip
            same = np.sign(frame["estimate"]) == np.sign(row.estimate)
            assert frame["same_sign"].tolist() == same.tolist()
            assert share == (same & (frame["p_value"] < 0.05)).sum() / len(frame)
        assert row.robust_same_sign == cell.grid["same_sign"].sum() / len(cell.grid)
        assert row.robust_specifications == len(cell.grid)
    if kind == "rebuilt":
        assert graded.table["robust_same_sign"].between(0.01, 0.99).any()


def test_a_specification_that_fails_does_not_hold():
    grid = pd.DataFrame({"same_sign": [True, True, False, False], "holds": [True] + [False] * 3})
    found = Robustness(grid, grid.iloc[:0])
    assert (found.share, found.share_same_sign) == (0.25, 0.5)
    assert np.isnan(found.share_without_one)


def test_clocks_are_those_of_the_panel_built_with_them(iraq):
    members = cm.load("participation")
    for clock in ("entry", "coalition"):
        built = cm.build_panel(members, coalitions=["iraq"], clock=clock)
        timed = on_clock(iraq, clock)
        key = ["state", "spell", "period"]
        both = built.merge(timed, on=key, suffixes=("", "_timed"))
        assert len(both) == len(built) == len(timed)
        length = both["stop_timed"] - both["start_timed"]
        assert length.eq(1).all()
        apart = both[both["start"] != both["start_timed"]]
        assert apart.empty
        assert record_of(timed).panel["clock"] == clock
    for wrong in (iraq.assign(stop=iraq["stop"] + 1), iraq.drop(columns="period")):
        with pytest.raises(cm.DataError):
            on_clock(wrong, "entry")


@pytest.mark.parametrize("before", ["2005-01-01", "2006-01-01", "2007-07-01"])
@pytest.mark.parametrize("clock", ["entry", "coalition"])
@pytest.mark.parametrize("name", ["iraq", "isaf"])
def test_a_truncated_panel_is_timed_as_one_built_with_the_clock(name, clock, before):
    """From the recorded day of entry, not from the first row that is left."""
    facts = cm.facts(name)
    other = {"entry": "coalition", "coalition": "entry"}[clock]
    built = cm.build_panel(facts, clock=clock, truncate_before=before)
    timed = on_clock(cm.build_panel(facts, clock=other, truncate_before=before), clock)
    key = ["state", "spell", "period"]
    both = built.merge(timed, on=key, suffixes=("", "_timed"))
    assert len(both) == len(built) == len(timed)
    assert (both["start"] == both["start_timed"]).all()
    assert (both["stop"] == both["stop_timed"]).all()


def refitted(frame, labels, fit, term, scale, degrees):
    """Estimate and p-value without each label, one by one."""
    rows = []
    for label in labels:
        again = fit(frame[frame["group"] != label]).tidy().set_index("term").loc[term]
        error = again["std_error"] * scale
        rows.append(
            (label, again["estimate"], 2 * stats.t.sf(abs(again["estimate"]) / error, degrees))
        )
    return pd.DataFrame(rows, columns=["left_out", "estimate", "p_value"])


@WARNED
def test_cox_without_each_state_is_each_refit(graded):
    primary = graded.estimates["H02", "iraq"]
    sample = primary.fit.engine.sample
    frame = pd.DataFrame(sample.matrix, columns=primary.fit.names).assign(
        start=sample.start, stop=sample.stop, event=sample.event, group=list(primary.groups)
    )

    def fit(rows):
        return cm.cox("event ~ leader_change + log_deaths_12m", rows, cluster="group")

    plain = fit(frame).tidy().set_index("term").loc["leader_change", "std_error"]
    found = graded.robustness["H02", "iraq"].without_one
    assert set(found["left_out"]) == set(primary.groups)
    by_hand = refitted(
        frame, found["left_out"], fit, "leader_change", primary.std_error / plain,
        primary.degrees - 1,
    )  # fmt: skip
    # where it matters most the jackknife is made anew, elsewhere it is approximated
    worst = by_hand["p_value"].sort_values(ascending=False, kind="stable").index[:WORST]
    for at in worst:
        rows = frame[frame["group"] != by_hand.loc[at, "left_out"]]
        again = cm.cox(
            "event ~ leader_change + log_deaths_12m", rows, cluster="group", variance="jackknife"
        )
        exact = again.tidy(reference="t").set_index("term").loc["leader_change", "p_value"]
        assert exact == pytest.approx(by_hand.loc[at, "p_value"], rel=0.1)
        by_hand.loc[at, "p_value"] = exact
    assert_frame_equal(found[["left_out", "estimate", "p_value"]], by_hand, rtol=1e-5)
    assert graded.robustness["H02", "iraq"].worst == (
        by_hand.loc[by_hand["p_value"].idxmax(), "left_out"],
        pytest.approx(by_hand["p_value"].max(), rel=1e-5),
    )
    assert primary.std_error / plain > 1.1


@WARNED
def test_logit_without_each_alliance_is_each_refit(alliances):
    primary = estimate_term(
        alliances, "regime_change", ["formality"], cluster="coalition", model="logit"
    )
    frame = alliances.assign(group=alliances["coalition"])

    def fit(rows):
        return cm.logit("event ~ regime_change + formality", rows, time=None, cluster="group")

    plain = fit(frame).tidy().set_index("term").loc["regime_change", "std_error"]
    found = leave_one_out(primary)
    assert list(found["left_out"]) == list(dict.fromkeys(alliances["coalition"]))
    by_hand = refitted(
        frame, found["left_out"], fit, "regime_change", primary.std_error / plain,
        primary.degrees - 1,
    )  # fmt: skip
    for at in by_hand["p_value"].sort_values(ascending=False, kind="stable").index[:WORST]:
        rows = frame[frame["group"] != by_hand.loc[at, "left_out"]]
        again = cm.logit(
            "event ~ regime_change + formality", rows, time=None, cluster="group",
            variance="jackknife",
        )  # fmt: skip
        exact = again.tidy(reference="t").set_index("term")
        by_hand.loc[at, "p_value"] = exact.loc["regime_change", "p_value"]
    assert_frame_equal(found, by_hand, rtol=1e-6)


@pytest.mark.parametrize("model", ["cox", "logit"])
def test_with_the_penalty_every_fit_is_made_anew(model, pulses, alliances):
    if model == "cox":
        panel = pulses(24, seed=2)
        panel = panel.assign(event=panel["event"].where(panel["leader_change"] == 0, 0))
        term, cluster, choices = "leader_change", "state", {}
        fit = cm.cox
    else:
        panel = alliances.assign(regime_change=alliances["event"] * alliances["regime_change"])
        term, cluster, choices = "regime_change", "coalition", {"time": None}
        fit = cm.logit
    primary = estimate_term(panel, term, cluster=cluster, model=model)
    assert "Firth" in primary.method
    found = leave_one_out(primary).set_index("left_out")
    for label in found.index[[0, 5, -1]]:
        rows = panel[panel[cluster] != label]
        line = fit(f"event ~ {term}", rows, penalty="firth", **choices).tidy().set_index("term")
        assert found.loc[label].tolist() == pytest.approx(
            line.loc[term, ["estimate", "p_value"]].tolist(), rel=1e-5
        )
    assert len(found) == panel[cluster].nunique()


@pytest.mark.parametrize("named", [True, False])
def test_the_grid_keeps_to_the_clock_that_a_claim_needs(iraq, alone, named):
    panel = iraq.assign(years=iraq["stop"] / 12)
    keep_record(panel, iraq)
    if not named:
        record = record_of(panel)
        with_record(panel, Record(panel=Frozen({"period": "month"}), facts=record.facts))
    claim = replace(
        select("H02")[0], clock="coalition", term="years", controls=(), steps=(), alternatives=()
    )
    bench = Bench("iraq", panel, prefer_given=True)
    primary = estimate_term(on_clock(panel, "coalition"), "years")
    found = check_robustness(bench, claim, primary, cluster="state", model="cox", level=0.95)
    # time since entry is the baseline itself on the other clock
    assert set(found.grid["clock"]) == {"coalition"}
    assert len(found.grid) > 4
    assert found.grid["estimate"].notna().all()
    assert found.grid["estimate"].iloc[0] == pytest.approx(primary.estimate)
