"""A fit keeps copies: nothing done to the frame afterwards changes any number of it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning
from coalition_models.inference.detection import detectable_effects
from coalition_models.models.after.diagnostics import check_ph
from coalition_models.models.after.nonparametric import survival_curve
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit

FLOATS = ["start", "stop", "event", "x", "z", "g", "w", "o"]


def in_place(df: pd.DataFrame) -> None:
    for name in FLOATS:
        df[name] /= 12
        df[name] += 3


def by_loc(df: pd.DataFrame) -> None:
    for name in FLOATS:
        df.loc[df.index[::3], name] = 7.0
    df.loc[df["state"] == "S01", ["state", "region"]] = "France"


def by_iloc(df: pd.DataFrame) -> None:
    df.iloc[:, :] = df.iloc[::-1].to_numpy()


def by_values(df: pd.DataFrame) -> None:
    for name in [*FLOATS, "state", "region"]:
        np.asarray(df[name].to_numpy())[:] = df[name].to_numpy()[0]


def by_categories(df: pd.DataFrame) -> None:
    df["kind"] = df["kind"].cat.rename_categories({"a": "z"})
    df.loc[:, "kind"] = "z"
    df.index.name = "row"
    df.drop(df.index[5:], inplace=True)  # noqa: PD002


def everything(fit, curve):
    """Every deferred result of a fit."""
    out = [
        fit.tidy(), fit.test_terms(), fit.glance().drop(columns="members"), fit.augment(),
        fit.predict(), detectable_effects(fit), curve.table, curve.median(),
        curve.at_risk([1, 5]),
    ]  # fmt: skip
    given = {"stratum": "s"} if fit.choices.strata else {}
    out.append(predict_survival(fit, {"x": [0.0, 1.0]}, **given).table)
    if fit.family.name == "cox":
        out.append(check_ph(fit).table)
        out.append(check_ph(fit, "rank", robust=True).table)
    return out


FITS = {
    "cox": lambda df: cox("event ~ x + z", df, id="state", cluster="g", offset="o", weights="w"),
    "cox, general formula, strata": lambda df: cox(
        "event ~ x + np.exp(z) + kind", df, id="state", cluster="state", strata="one"
    ),
    "cox, one term": lambda df: cox("event ~ I(x)", df, id="state"),
    "cox, firth": lambda df: cox("event ~ x + z", df, id="state", penalty="firth", offset="o"),
    "logit": lambda df: logit("event ~ x + z", df, id="state", cluster="g", offset="o"),
    "logit, firth": lambda df: logit("event ~ x + region", df, penalty="firth", weights="w"),
    "logit, dummies": lambda df: logit("event ~ x + kind", df, id="state", time="dummies"),
}


@pytest.mark.parametrize("change", [in_place, by_loc, by_iloc, by_values, by_categories])
@pytest.mark.parametrize("name", FITS)
def test_a_fit_is_a_snapshot(months, name, change):
    df = months(60).astype(dict.fromkeys(FLOATS[:-2], float))
    df["w"], df["o"], df["one"] = 1.0 + df["g"] / 10, df["g"] / 20, "s"
    df["kind"] = df["region"].astype("category")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        kept, changed = FITS[name](df.copy(deep=True)), FITS[name](df)
    curves = survival_curve(df.copy(deep=True), "region"), survival_curve(df, "region")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        change(df)
    for was, now in zip(everything(kept, curves[0]), everything(changed, curves[1]), strict=True):
        if isinstance(was, pd.Series):
            pd.testing.assert_series_equal(now, was, check_names=False)
        else:
            pd.testing.assert_frame_equal(now, was, check_names=False)


def test_the_snippet_of_months_turned_into_years(months):
    df = months().astype({"start": float, "stop": float})
    fit = cox("event ~ x + z", df, id="state", cluster="state")
    log = logit("event ~ x + z", df, id="state")
    df["start"] /= 12
    df["stop"] /= 12
    np.testing.assert_allclose(
        check_ph(fit).table["statistic"], [0.0281, 1.0679, 1.0845], atol=5e-5
    )
    last = predict_survival(log, {"x": [0.0]}).table["survival"].iloc[-1]
    assert last == pytest.approx(0.4317, abs=5e-5)
    check_ph(fit, "rank", robust=True)
