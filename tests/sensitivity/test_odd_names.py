"""Columns whose names are no plain words: everything says the same of them under any name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import FormulaError
from coalition_models.models.sample.sides import event_of, quoted, sides_of, terms_of
from coalition_models.replications.ways import curve_between
from coalition_models.sensitivity.completing import gaps_of

ODD = {"event": "left ~ the war", "risk": "my risk", "flag": "a + b", "size": "class"}
WRITTEN = {plain: quoted(odd) for plain, odd in ODD.items()}
PLAIN = {plain: plain for plain in ODD}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    made = cm.simulate_panel(members=60, coefficients={"risk": 0.8, "size": 0.3}, seed=1)
    return made.assign(flag=(made["size"] > 0).astype(int))


def _confounding(rows, names, written):
    fit = cm.cox("{event} ~ {risk} + {flag} + {size}".format(**written), rows)
    found = cm.sensitivity.confounding(fit, names["flag"], rows, draws=2, shares=[(0.6, 0.3)],
                                       strengths=[2.0])  # fmt: skip
    return [found.grid, found.benchmarks.drop(columns=found.benchmarks.columns[0])]


def _missing(rows, names, written):
    rows = rows[:1500].copy()
    rows.loc[::50, names["risk"]] = np.nan
    spec = cm.Specification("cox", "{event} ~ {risk} + {flag}".format(**written), cluster="state")
    found = cm.sensitivity.missing(spec, rows, names["flag"], draws=3)
    assert found.gaps["column"].tolist() == [names["risk"]]
    return [found.draws, found.bounds]


def _cautious(rows, names, written):
    formula = "{event} ~ {flag} + {risk}".format(**written)
    spec = cm.Specification("cox", formula, cluster="state")
    return [pd.DataFrame([vars(cm.inference.cautious(spec, rows, names["flag"]))])]


def _cox_snell(rows, names, written):
    return [cm.plot.cox_snell_data(cm.cox("{event} ~ {risk}".format(**written), rows), rows)]


def _between(rows, names, written):
    spec = cm.Specification("cox", "{event} ~ {risk}".format(**written), cluster="state")
    controls = {"none": "", "size": written["size"]}
    found = curve_between(spec, names["risk"], rows, controls=controls,
                          terms=(names["risk"], names["flag"]))  # fmt: skip
    return [found.table.select_dtypes("number")]


def _leave_out(rows, names, written):
    spec = cm.Specification("cox", "{event} ~ {flag}".format(**written), cluster="state")
    rows = rows[rows["period"] < rows["period"].sort_values().iloc[len(rows) // 2]]
    found = cm.sensitivity.leave_out(spec, rows, names["flag"], by=["event"])
    assert found["z_by_cluster"].nunique() > 3
    fewest = cm.sensitivity.fewest_events(spec, rows, names["flag"], exact=1, most=2)
    return [found, fewest.path]


def _rosenbaum(rows, names, written):
    ask = {"event": names["event"], "gammas": [1.0, 1.5]}
    return [cm.sensitivity.rosenbaum_bounds(rows, names["flag"], **ask).table]


_ASKED = [_confounding, _missing, _cautious, _cox_snell, _between, _leave_out, _rosenbaum]


@pytest.mark.parametrize("ask", _ASKED)
def test_odd_names_change_no_number(panel, ask):
    odd = panel.rename(columns=ODD)
    for one, two in zip(ask(panel, PLAIN, PLAIN), ask(odd, ODD, WRITTEN), strict=True):
        pd.testing.assert_frame_equal(
            one.select_dtypes("number"), two.select_dtypes("number"), check_index_type=False
        )


@pytest.mark.parametrize("ask", [_leave_out, _cautious])
def test_the_event_is_the_formulas_and_not_the_column_event(panel, ask):
    """A panel may hold two outcomes: the one called event is then any column."""
    other = panel.assign(gone=panel["event"], event=(np.arange(len(panel)) % 40 == 3).astype(int))
    names = PLAIN | {"event": "gone"}
    for one, two in zip(ask(panel, PLAIN, PLAIN), ask(other, names, names), strict=True):
        pd.testing.assert_frame_equal(one.select_dtypes("number"), two.select_dtypes("number"))


def test_combinations_are_written_with_backticks_or_without(panel):
    odd = panel.rename(columns=ODD)
    fit = cm.cox("{event} ~ {risk}*{flag} + {size}".format(**WRITTEN), odd)
    wanted = cm.linear_combination(fit, "my risk - class")
    for text in ("`my risk` - `class`", {"`my risk`": 1.0, "class": -1.0}):
        found = cm.linear_combination(fit, text)
        pd.testing.assert_frame_equal(found.iloc[:, 1:], wanted.iloc[:, 1:])
    crossed = cm.linear_combination(fit, "`my risk` + 2*`my risk`:`a + b`")
    by_hand = fit.coefficients[0] + 2 * fit.coefficients[fit.names.index("my risk:a + b")]
    assert crossed["estimate"].item() == pytest.approx(by_hand, rel=1e-12)


def test_gaps_are_found_whatever_their_name():
    rows = pd.DataFrame({"e": [0, 1, 0], "u": [1, 2, 3], "my x": [1.0, np.nan, 2.0]})
    assert [one.name for one in gaps_of(rows, "e ~ np.log(`my x`)", ["u"])[0]] == ["my x"]


def test_sides_of_a_formula():
    assert event_of(" `a ~ b`~ x") == "a ~ b"
    assert sides_of("event ~ `c ~ d` + x")[1].strip() == "`c ~ d` + x"
    assert terms_of("a + `b + c` + I(d + e)") == ["a", "`b + c`", "I(d + e)"]
    assert quoted("class") == "`class`"
    for wrong in ("event", 3, "a + b ~ x"):
        with pytest.raises(FormulaError):
            event_of(wrong)
