"""Labels that join no two things, and the median at exactly one half."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning

# the median


def median_by_hand(rows):
    """First time at which no more than half are left, in exact fractions."""
    left = Fraction(1)
    for t in sorted(rows.loc[rows["event"] == 1, "stop"].unique()):
        at_risk = int(((rows["start"] < t) & (rows["stop"] >= t)).sum())
        left *= 1 - Fraction(int(((rows["stop"] == t) & (rows["event"] == 1)).sum()), at_risk)
        if left <= Fraction(1, 2):
            return float(t)
    return float("nan")


@pytest.mark.parametrize("n", [4, 24, 28, 30, 38, 44, 46, 54, 66, 88, 130])
@pytest.mark.parametrize("copies", [1, 3])
@pytest.mark.parametrize("unit", [1, 0.1, 12])
def test_median_at_one_half(n, copies, unit):
    rows = pd.DataFrame({"start": 0.0, "stop": np.arange(1, n + 1) * unit, "event": 1})
    rows = rows.loc[rows.index.repeat(copies)]
    assert cm.survival_curve(rows).median()["all"] == pytest.approx(n / 2 * unit, rel=1e-12)
    late = rows.assign(start=-unit)
    assert cm.survival_curve(late).median()["all"] == pytest.approx(n / 2 * unit, rel=1e-12)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("seed", range(5))
def test_median_in_exact_fractions(seed):
    """Late entry, ties and censoring; many of these curves touch one half."""
    rng = np.random.default_rng(seed)
    touched = 0
    for _ in range(30):
        n = int(rng.choice([4, 6, 8, 12, 16, 24]))
        start = rng.integers(0, 3, n)
        rows = pd.DataFrame({"start": start, "stop": start + rng.integers(1, 9, n)})
        rows["event"] = (rng.random(n) < 0.8).astype(int)
        rows.loc[0, "event"] = 1
        expected = median_by_hand(rows)
        curve = cm.survival_curve(rows)
        np.testing.assert_equal(curve.median()["all"], expected)
        touched += bool(np.isclose(curve.table["survival"], 0.5).any())
    assert touched


# scenarios


@pytest.mark.parametrize("model", ["cox", "logit"])
@pytest.mark.parametrize(
    "values",
    [
        [0.0012, 0.0014], list(np.linspace(0.001, 0.003, 9)), [1e-9, 2e-9, 3e-9], [0.5, 0.5 + 1e-9],
        [0.1, 0.1007], [-0.001, -0.0012, 0.001], [1 / 3, 0.3333], [0.12, 0.119999],
        list(np.float32([0.1, 0.1000001])), [0, 1e-6], [0.02, 0.02001],
    ],
)  # fmt: skip
def test_scenarios_whose_labels_would_round_to_one(months, model, values):
    """Every value has its own curve, and its label reads back as the value."""
    d = months(60, periods=8, seed=71).assign(cinc=lambda t: 0.001 + 0.0004 * t["g"])
    options = {"time": "linear"} if model == "logit" else {}
    fit = getattr(cm, model)("event ~ cinc + x", d, id="state", **options)
    found = cm.predict_survival(fit, {"cinc": values}, times=[3, 8])
    labels = found.table["scenario"].unique().tolist()
    read = [float(label.partition(" = ")[2]) for label in labels]
    assert len(set(labels)) == len(values)
    np.testing.assert_allclose(read, values, rtol=5e-3)
    np.testing.assert_array_equal(np.sign(np.diff(read)), np.sign(np.diff(values)))
    text = found.to_table().text()
    assert all(label in text for label in labels)


def test_scenarios_of_the_snippet(months):
    d = months(300).assign(cinc=lambda t: 0.001 + 0.0004 * t["g"])
    fit = cm.cox("event ~ cinc", d, id="state")
    text = str(cm.predict_survival(fit, {"cinc": [0.0012, 0.0014]}))
    assert "cinc = 0.0012" in text
    assert "cinc = 0.0014" in text
    many = cm.predict_survival(fit, {"cinc": np.linspace(0.001, 0.003, 9)}).table
    assert many["scenario"].nunique() == 9


# groups and paths

PAIRS = {
    "number and its text": (1, "1"), "flag and its text": (True, "True"),
    "flag and number's text": (True, "1"), "decimal and its text": (0.5, "0.5"),
    "day and its text": (pd.Timestamp("2010-01-01"), "2010-01-01 00:00:00"),
}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS)
def test_groups_that_read_alike(months, pair):
    d = months()
    upper = d["x"] > 0
    code = pd.Series([PAIRS[pair][int(v)] for v in upper], index=d.index, dtype=object)
    curve = cm.survival_curve(d.assign(code=code), "code")
    own = [cm.survival_curve(d[~upper]), cm.survival_curve(d[upper])]
    assert len(curve.spans) == len(curve.median()) == curve.table["group"].nunique() == 2
    medians = sorted(curve.median()), sorted(c.median()["all"] for c in own)
    np.testing.assert_array_equal(*medians)
    assert curve.at_risk([0]).shape == (1, 2)
    assert sorted(curve.table["survival"]) == sorted(
        [*own[0].table["survival"], *own[1].table["survival"]]
    )


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("a, b", "a"), ("c", "b, c")), (("a", "a, a"), ("a, a", "a")),
        (("x", "x, 1"), ("1, 2", "2")),
    ],
)  # fmt: skip
def test_groups_whose_words_hold_what_joins_them(months, one, two):
    d = months()
    upper = (d["x"] > 0).to_numpy()
    d = d.assign(one=np.where(upper, *one), two=np.where(upper, *two))
    curve = cm.survival_curve(d, ["one", "two"])
    assert curve.table["group"].nunique() == len(curve.median()) == len(curve.spans) == 2


@pytest.mark.parametrize("model", ["cox", "logit"])
@pytest.mark.parametrize("pair", PAIRS)
def test_paths_that_read_alike(months, model, pair):
    d = months()
    fit = getattr(cm, model)("event ~ x", d, id="state")
    names = pd.Series([v for v in PAIRS[pair] for _ in range(12)], dtype=object)
    rows = pd.DataFrame({"start": [*range(12)] * 2, "stop": [*range(1, 13)] * 2})
    rows = rows.assign(path=names, x=np.repeat([0.0, 1.0], 12))
    found = cm.predict_survival(fit, rows).table
    assert found["scenario"].nunique() == 2
    expected = cm.predict_survival(fit, {"x": [0.0, 1.0]}).table
    ours, theirs = (t.groupby("scenario", sort=False)["survival"].last() for t in (found, expected))
    np.testing.assert_allclose(sorted(ours), sorted(theirs))


def test_warnings_are_of_the_package():
    """An emptied risk set is told, so that no median is read off a curve that cannot fall."""
    rows = pd.DataFrame({"start": [0, 5, 5], "stop": [2, 7, 8], "event": [1, 1, 0]})
    with pytest.warns(CoalitionWarning, match="had the event at 2"):
        cm.survival_curve(rows)
