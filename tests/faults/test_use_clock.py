"""Time in the formula: it runs along a predicted path, and no row knows its own end."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import coalition_models as cm
from coalition_models.errors import CoalitionError, DataError, FormulaError


def at(fit, values, times, **choices):
    return cm.predict_survival(fit, values, times=times, **choices).table["survival"].to_numpy()


@pytest.fixture(scope="module")
def other(months):
    """Other members, over other times, with events in every period."""
    d = months(160, periods=9, seed=21).assign(w=lambda t: 1.0 + t["g"] % 2)
    return d.assign(start=d["start"].astype("int16"), stop=d["stop"].astype("int16"))


@pytest.mark.parametrize(
    ("link", "time", "terms"),
    [
        ("probit", "linear", "stop"), ("logit", "log", "np.log(stop)"),
        ("cloglog", "cubic", "poly(stop, 3)"), ("logit", "cubic", "stop + I(stop**2) + I(stop**3)"),
        ("cloglog", "dummies", "C(stop)"), ("logit", "linear", "I(stop + 3)"),
    ],
)  # fmt: skip
def test_clock_in_the_formula_is_the_clock_of_the_model(other, link, time, terms):
    """The same model written twice; survival is the product of staying, by hand."""
    times = [1, 2, 5, 9]
    outside = cm.logit("event ~ x", other, id="state", time=time, link=link)
    inside = cm.logit(f"event ~ x + {terms}", other, id="state", time=None, link=link)
    values = {"x": [-1.0]}
    np.testing.assert_allclose(at(inside, values, times), at(outside, values, times), rtol=1e-6)
    rows = pd.DataFrame({"start": range(9), "stop": range(1, 10), "x": -1.0})
    hazard = inside.predict(rows, kind="probability")
    by_hand = np.cumprod(1 - hazard.to_numpy())[np.array(times) - 1]
    np.testing.assert_allclose(at(inside, values, times), by_hand, rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"penalty": "firth"}, {"weights": "w"}])
def test_clock_in_the_formula_with_options(other, options):
    times = [3, 9]
    fit = cm.logit("event ~ x + stop + x:stop", other, time=None, **options)
    one_piece = pd.DataFrame({"start": [0], "stop": [9], "x": 0.5})
    monthly = pd.DataFrame({"start": range(9), "stop": range(1, 10), "x": 0.5})
    found = at(fit, {"x": [0.5]}, times)
    np.testing.assert_allclose(at(fit, monthly, times), found, rtol=1e-12)
    with pytest.raises(DataError, match=r"one period of length 1; found \(0, 9\]: split them"):
        cm.predict_survival(fit, one_piece)


@pytest.mark.parametrize(
    ("term", "options"),
    [
        ("x:np.log(stop)", {"penalty": "firth"}), ("x:stop", {"ties": "breslow"}),
        ("x:np.sqrt(stop)", {}), ("z + x:start", {}), ("x:np.log(stop)", {"weights": "w"}),
    ],
)  # fmt: skip
def test_clock_in_a_cox_interaction(other, term, options):
    """Against a column made by hand, given row by row along the path."""
    maker = {
        "x:np.log(stop)": lambda d: d["x"] * np.log(d["stop"]),
        "x:stop": lambda d: d["x"] * d["stop"],
        "x:np.sqrt(stop)": lambda d: d["x"] * np.sqrt(d["stop"]),
        "z + x:start": lambda d: d["x"] * d["start"],
    }[term]
    rows = pd.DataFrame({"start": range(9), "stop": range(1, 10), "x": 1.0, "z": 0.3})
    plain = "z + xt" if term.startswith("z") else "xt"
    by_hand = cm.cox(f"event ~ x + {plain}", other.assign(xt=maker), id="state", **options)
    fit = cm.cox(f"event ~ x + {term}", other, id="state", **options)
    np.testing.assert_allclose(fit.coefficients, by_hand.coefficients, rtol=1e-7)
    values = {"x": [1.0], "z": 0.3} if term.startswith("z") else {"x": [1.0]}
    times = [1, 4, 9]
    expected = at(by_hand, rows.assign(xt=maker(rows)), times)
    np.testing.assert_allclose(at(fit, values, times), expected, rtol=1e-7)


def spans(seed, n=30):
    """One row per member, each over many event times, and the same rows cut at those times."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    stop = np.ceil(rng.exponential(6 / np.exp(0.4 * x)) * 4) / 4
    d = pd.DataFrame({"id": range(n), "start": 0.0, "stop": stop, "x": x})
    d["event"] = (rng.random(n) < 0.8).astype(int)
    cuts = np.unique(d.loc[d["event"] == 1, "stop"])
    parts = []
    for row in d.itertuples():
        ends = np.unique(np.append(cuts[cuts < row.stop], row.stop))
        parts.append(pd.DataFrame({
            "id": row.id, "start": np.append(0.0, ends[:-1]), "stop": ends, "x": row.x,
            "event": np.append(np.zeros(len(ends) - 1, dtype=int), row.event),
        }))  # fmt: skip
    return d, pd.concat(parts, ignore_index=True)


def loss(beta, rows, ties):
    """Minus the log partial likelihood of x and x log t, as its definition says."""
    start, stop, event, x = (rows[n].to_numpy() for n in ("start", "stop", "event", "x"))
    total = 0.0
    for t in np.unique(stop[event == 1]):
        score = x * (beta[0] + beta[1] * np.log(t))
        at_risk = np.exp(score[(start < t) & (stop >= t)]).sum()
        leaves = score[(event == 1) & (stop == t)]
        for k in range(len(leaves)):
            less = k / len(leaves) * np.exp(leaves).sum() if ties == "efron" else 0.0
            total += leaves[k] - np.log(at_risk - less)
    return -total


@pytest.mark.parametrize(("seed", "ties"), [(1, "efron"), (2, "breslow"), (5, "efron")])
def test_own_end_as_a_covariate_is_refused_and_the_cure_is_right(seed, ties):
    whole, cut = spans(seed)
    for start in ("start", None):
        with pytest.raises(FormulaError, match="split the rows at the event times"):
            cm.cox("event ~ x + x:np.log(stop)", whole, start=start, id="id", ties=ties)
    fit = cm.cox("event ~ x + x:np.log(stop)", cut, id="id", ties=ties)
    best = minimize(loss, [0.0, 0.0], args=(cut, ties), tol=1e-9)
    np.testing.assert_allclose(fit.coefficients, best.x, atol=2e-4)
    assert -fit.log_likelihood == pytest.approx(best.fun, abs=1e-5)


@pytest.mark.parametrize(
    ("model", "formula", "options"),
    [
        ("cox", "event ~ x + x:stop", {"penalty": "firth"}),
        ("cox", "event ~ x + event", {}), ("cox", "event ~ x:event", {"ties": "breslow"}),
        ("logit", "event ~ x + C(event)", {}), ("logit", "event ~ x", {"offset": "event"}),
        ("cox", "event ~ x", {"strata": "stop"}), ("cox", "event ~ x + I(stop - start)", {}),
        ("logit", "event ~ x + stop", {"time": None, "link": "cloglog"}),
        ("cox", "event ~ x + np.log1p(stop)", {"weights": "w"}),
    ],
)  # fmt: skip
def test_own_end_or_event_as_a_covariate_is_refused(model, formula, options):
    whole = spans(4)[0].assign(w=1.0)
    with pytest.raises(CoalitionError, match=r"split the rows|both sides|also given as|own time"):
        getattr(cm, model)(formula, whole, id="id", **options)
