"""The page docs/bad-inputs.md must be true of this package: every row of its tables is run."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionError, CoalitionWarning
from coalition_models.models.cox import cox
from coalition_models.models.discrete import logit
from coalition_models.models.fit import Fit

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "bad-inputs.md"


def make_panel() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for number in range(48):
        x = rng.normal(size=2)
        for t in range(int(rng.integers(0, 6)), 36):
            x = 0.8 * x + 0.6 * rng.normal(size=2)
            leaves = int(rng.random() < 0.03 * np.exp(0.5 * x[0]))
            rows.append(("iraq", f"S{number:02d}", 1, t, t + 1, leaves, *x))
            if leaves:
                break
    names = ["coalition", "state", "spell", "start", "stop", "event", "risk", "cost"]
    frame = pd.DataFrame(rows, columns=names)
    frame["wall"] = ((frame["event"] == 0) & (frame["risk"] > 0.5)).astype(int)
    return frame


PANEL = make_panel()
F = "event ~ risk + cost"


def put(row: int, **values: float) -> pd.DataFrame:
    data = PANEL.astype(dict.fromkeys(values, float))
    for name, value in values.items():
        data.loc[row, name] = value
    return data


def one_event() -> pd.DataFrame:
    data = PANEL.assign(event=0)
    data.loc[PANEL.index[PANEL["event"] == 1][5], "event"] = 1
    return data


def yearly() -> pd.DataFrame:
    ends = PANEL.groupby("state")["stop"].transform("max")
    late = np.where(PANEL["event"] == 1, np.ceil(PANEL["stop"] / 12) * 12, PANEL["stop"])
    return PANEL.assign(stop=late)[PANEL["stop"] <= ends]


def unseen(model: Callable[..., Fit]) -> Fit:
    data = PANEL.assign(base=np.where(PANEL.index % 2, "north", "south"))
    fit = model("event ~ risk + base", data)
    fit.predict(data.assign(base="overseas"))
    return fit


Case = Callable[[Callable[..., Fit]], Fit]
CASES: dict[str, Case] = {
    "plain monthly rows": lambda m: m(F, PANEL, cluster="state"),
    "many events at one time": lambda m: m(F, yearly(), cluster="state"),
    "gaps in a member's rows": lambda m: m(F, PANEL.drop(index=[1, 2]), cluster="state"),
    "time in years as month / 12": lambda m: m(
        F, PANEL.assign(start=PANEL["start"] / 12, stop=PANEL["stop"] / 12), cluster="state"
    ),
    "negative times": lambda m: m(
        F, PANEL.assign(start=PANEL["start"] - 50, stop=PANEL["stop"] - 50), cluster="state"
    ),
    "covariate times 1e8": lambda m: m(F, PANEL.assign(risk=PANEL["risk"] * 1e8)),
    "covariate plus 1e8": lambda m: m(F, PANEL.assign(risk=PANEL["risk"] + 1e8)),
    "separated term": lambda m: m("event ~ cost + wall", PANEL, cluster="state"),
    "separated term, fit asked for": lambda m: m(
        "event ~ cost + wall", PANEL, cluster="state", allow_nonconvergence=True
    ),
    "separated term, Firth penalty": lambda m: m("event ~ cost + wall", PANEL, penalty="firth"),
    "one event, two terms": lambda m: m(F, one_event()),
    "no event": lambda m: m(F, PANEL.assign(event=0)),
    "constant covariate": lambda m: m("event ~ risk + flat", PANEL.assign(flat=1)),
    "collinear covariates": lambda m: m(
        "event ~ risk + twin", PANEL.assign(twin=2 * PANEL["risk"])
    ),
    "nearly collinear covariates (1e-9)": lambda m: m(
        "event ~ risk + twin", PANEL.assign(twin=PANEL["risk"] + 1e-9 * PANEL["cost"])
    ),
    "missing covariate": lambda m: m(F, put(4, risk=np.nan)),
    "missing event": lambda m: m(F, put(4, event=np.nan)),
    "event coded 1 and 2": lambda m: m(F, PANEL.assign(event=PANEL["event"] + 1)),
    "event coded 0 and 2": lambda m: m(F, PANEL.assign(event=PANEL["event"] * 2)),
    "event as True and False": lambda m: m(F, PANEL.assign(event=PANEL["event"] == 1)),
    "start equal to stop": lambda m: m(F, put(4, start=PANEL.loc[4, "stop"])),
    "start after stop": lambda m: m(F, put(4, start=99)),
    "overlapping rows of one member": lambda m: m(F, put(4, start=PANEL.loc[4, "start"] - 0.5)),
    "the same row twice": lambda m: m(F, pd.concat([PANEL, PANEL.iloc[[4]]], ignore_index=True)),
    "infinite covariate": lambda m: m(F, put(4, risk=np.inf)),
    "one cluster": lambda m: m(F, PANEL, cluster="coalition"),
    "few clusters": lambda m: m(F, PANEL[PANEL["state"] < "S20"], cluster="state"),
    "a category unseen when predicting": unseen,
    "a column that is not there": lambda m: m("event ~ rsk", PANEL),
}


def rows_of(heading: str) -> list[tuple[str, str]]:
    """First and last cell of each row of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return [(row[0], row[-1]) for row in cells[2:]]


def outcome(case: Case, model: Callable[..., Fit]) -> tuple[str, str]:
    """What the package does, in the page's words, and every message it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = case(model)
        except CoalitionError as problem:
            return "refused", str(problem)
    said = [str(w.message) for w in caught if issubclass(w.category, CoalitionWarning)]
    assert len(said) == len(caught)
    return ("warned" if said else "fitted"), "\n".join([*said, str(fit)])


@pytest.mark.parametrize(("name", "claim"), rows_of("Cox regression"))
def test_cox(name, claim):
    check(name, claim, cox)


@pytest.mark.parametrize(("name", "claim"), rows_of("Discrete-time logit"))
def test_logit(name, claim):
    check(name, claim, lambda formula, data, **choices: logit(formula, data, time=None, **choices))


def check(name: str, claim: str, model: Callable[..., Fit]) -> None:
    done, said = outcome(CASES[name], model)
    assert claim.startswith(done), f"{name}: the page says {claim!r}, but it is {done}: {said}"
    for words in re.findall(r"`([^`]+)`", claim):
        assert words in said


def test_no_case_is_missing_from_the_page():
    assert {name for name, _ in rows_of("Cox regression")} == set(CASES)


def test_what_is_fitted_is_right():
    """Cases that only change units or labels leave the fit as it was."""
    plain = CASES["plain monthly rows"](cox)
    for name, factor in (
        ("time in years as month / 12", 1),
        ("negative times", 1),
        ("covariate times 1e8", 1e8),
        ("covariate plus 1e8", 1),
        ("event as True and False", 1),
    ):
        fit = CASES[name](cox)
        assert fit.coefficients[0] * factor == pytest.approx(plain.coefficients[0], rel=1e-6)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_no_small_robust_error_for_an_infinite_coefficient():
    with pytest.warns(CoalitionWarning, match="infinite"):
        fit = CASES["separated term, fit asked for"](cox)
    tidy = fit.tidy().set_index("term")
    assert np.isnan(tidy.loc["wall", ["std_error", "statistic", "p_value"]].astype(float)).all()
