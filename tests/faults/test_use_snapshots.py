"""A fit, a curve and a prediction keep their own data, whatever becomes of the caller's frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FITS = {
    "cox": lambda d: cm.cox("event ~ x + z", d, id="state", cluster="state"),
    "cox, Breslow, robust": lambda d: cm.cox(
        "event ~ x + z", d, id="state", ties="breslow", variance="robust"
    ),
    "cox, Firth": lambda d: cm.cox("event ~ x + z", d, id="state", penalty="firth"),
    "cox, strata": lambda d: cm.cox("event ~ x + z", d, id="state", strata="region"),
    "logit": lambda d: cm.logit("event ~ x + z", d, id="state", offset="o"),
    "cloglog": lambda d: cm.logit("event ~ x + z", d, id="state", link="cloglog", time="log"),
    "logit, Firth": lambda d: cm.logit("event ~ x + z", d, penalty="firth", weights="w"),
    "probit, time in the formula": lambda d: cm.logit(
        "event ~ x + stop", d, id="state", link="probit", time=None
    ),
}


def years(d):
    d["start"] /= 12
    d["stop"] /= 12


def shifted(d):
    d["stop"] += 3
    d["x"] *= -1


def masked(d):
    d.loc[d["z"] > 0, ["stop", "x"]] = 99.0


def emptied(d):
    d.iloc[:, 2:] = np.nan


def dropped(d):
    d.drop(columns=["x", "stop"], inplace=True)  # noqa: PD002


def renamed(d):
    d.loc[d["state"] == "S01", "state"] = "France"
    d.index = d.index[::-1]


def behind_the_frame(d):
    np.asarray(d["x"])[:] = 7.0
    np.asarray(d["start"])[:] = -1.0


CHANGES = [years, shifted, masked, emptied, dropped, renamed, behind_the_frame]


def deferred(fit):
    """What is computed only when asked for."""
    given = {"stratum": "a"} if fit.choices.strata else {}
    found = [fit.predict(), fit.tidy(), fit.augment(), fit.test_terms()]
    found.append(cm.predict_survival(fit, {"x": [0.0, 1.0]}, **given).table)
    if fit.family.name == "cox":
        found += [cm.check_ph(fit).table, cm.check_ph(fit, "rank", robust=True).table]
    return found


@pytest.fixture
def data(months):
    """Every number a float, which pandas hands out without copying it."""
    d = months(70, periods=8, seed=11)
    d = d.astype(dict.fromkeys(("start", "stop", "event", "x", "z", "g"), float))
    return d.assign(w=1 + d["g"] / 5, o=d["g"] / 9)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("name", FITS)
def test_frame_changed_after_the_fit(data, name):
    expected = deferred(FITS[name](data.copy(deep=True)))
    for change in CHANGES:
        mine = data.copy(deep=True)
        fit = FITS[name](mine)
        change(mine)
        for now, was in zip(deferred(fit), expected, strict=True):
            assert now.equals(was), change.__name__


def test_frame_changed_after_the_fit_the_numbers(months):
    """Months turned into years: the test of x had p = .035 afterwards, for .867."""
    d = months().astype({"start": float, "stop": float})
    fit = cm.cox("event ~ x + z", d, id="state", cluster="state")
    log = cm.logit("event ~ x + z", d, id="state")
    d["start"] /= 12
    d["stop"] /= 12
    table = cm.check_ph(fit).table
    np.testing.assert_allclose(table["statistic"], [0.0281, 1.0679, 1.0845], atol=5e-5)
    assert table["p_value"].iloc[0] == pytest.approx(0.867, abs=5e-4)
    assert cm.predict_survival(log, {"x": [0.0]}).table["survival"].iloc[-1] == pytest.approx(
        0.4317, abs=5e-5
    )


def test_offset_weights_and_names_changed_after_the_fit(months):
    d = months().assign(o=lambda t: t["g"] / 10, w=lambda t: 1 + t["g"] / 10)
    fit = cm.cox("event ~ x", d, id="state", offset="o")
    firth = cm.logit("event ~ x", d, penalty="firth", weights="w")
    o, beta = d["o"].copy(), fit.coefficients[0]
    d["o"] += 1
    d["w"] *= 10
    d.loc[d["state"] == "S01", "state"] = "France"
    moved = fit.predict() - beta * d["x"]
    np.testing.assert_allclose(moved - moved.iloc[0], o - o.iloc[0], atol=1e-12)
    assert firth.tidy()["conf_low"].notna().all()
    assert "S01" in set(fit.augment()["state"])
    assert "France" not in set(fit.augment()["state"])


@pytest.mark.parametrize("change", [years, shifted, masked, behind_the_frame])
def test_curve_keeps_its_data(data, change):
    curve = cm.survival_curve(data, "region")
    table, risk = curve.table.copy(), curve.at_risk([1, 4])
    change(data)
    pd.testing.assert_frame_equal(curve.table, table)
    pd.testing.assert_frame_equal(curve.at_risk([1, 4]), risk)


@pytest.mark.parametrize("name", ["cox", "logit", "cloglog"])
def test_prediction_keeps_its_path_and_the_path_is_left_alone(data, name):
    fit = FITS[name](data)
    path = pd.DataFrame(
        {"path": "mine", "start": np.arange(8.0), "stop": np.arange(1.0, 9.0), "x": 1.0, "z": 0.0}
    )
    path = path.assign(o=0.0) if name == "logit" else path
    before = path.copy(deep=True)
    found = cm.predict_survival(fit, path)
    table = found.table.copy()
    pd.testing.assert_frame_equal(path, before)
    path.iloc[:, 1:] = 5.0
    pd.testing.assert_frame_equal(found.table, table)
    new = data.head(5).copy()
    predicted = fit.predict(new)
    new["x"] += 1
    np.testing.assert_array_equal(fit.predict(data.head(5)), predicted)


def test_panel_changed_after_the_analysis_of_power(data):
    fit = cm.cox("event ~ x + z", data, id="state")
    before = cm.detectable_effects(fit)
    data[["x", "z", "event"]] = 0.0
    pd.testing.assert_frame_equal(cm.detectable_effects(fit), before)
