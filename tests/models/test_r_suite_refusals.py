"""Cases of R's test suite that this package refuses: the refusal names the culprit and a cure."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionError, CoalitionWarning

ROWS = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6, 7, 8],
        "start": [0, 0, 1, 2, 0, 3, 0, 1],
        "stop": [3, 4, 4, 6, 6, 6, 8, 9],
        "event": [1, 1, 0, 1, 1, 0, 1, 0],
        "x": [1.0, 0, 1, 1, 0, 0, 1, 0],
        "z": [0.3, 1.2, -0.4, 0.1, 0.8, -1.1, 0.5, 0.2],
        "kind": ["a", "b", "c", "a", "b", "c", "a", "b"],
        "pair": [1, 1, 2, 2, 3, 3, 4, 4],
        "half": [1, 1, 1, 1, 2, 2, 2, 2],
    }
)


def put(**columns: object) -> pd.DataFrame:
    return ROWS.assign(**columns)


def fit(formula: str = "event ~ x", data: pd.DataFrame = ROWS, **choices: object) -> object:
    return cm.cox(formula, data, **choices)


def dummies() -> pd.DataFrame:
    return pd.get_dummies(put(kind=list("abababba")), columns=["kind"], dtype=float)


def separated() -> pd.DataFrame:
    return put(up=ROWS["event"].astype(float), down=[0.0, 0, 1, 0, 0, 1, 0, 0])


#: case -> (call, words of the culprit and, where the message has one today, of the cure)
REFUSALS: dict[str, tuple[Callable[[], object], list[str]]] = {
    "missing event": (
        lambda: fit(data=put(event=[1, None, 0, 1, 1, 0, 1, 0])),
        ["'event'", "missing", "code it|leave"],
    ),
    "unknown ties": (lambda: fit(ties="discrete"), ["exact", "efron", "breslow"]),
    "null model": (lambda: fit("event ~ 1"), ["event ~ 1|term|covariate"]),
    "dot formula": (lambda: fit("event ~ ."), [r"\."]),
    "start after stop": (
        lambda: fit(data=put(start=[5, 0, 1, 2, 0, 3, 0, 1])),
        ["before it starts", "must be smaller"],
    ),
    "missing stop": (
        lambda: fit(data=put(stop=[3, None, 4, 6, 6, 6, 8, 9])),
        ["'stop'", "missing"],
    ),
    "missing start": (
        lambda: fit(data=put(start=[0, None, 1, 2, 0, 3, 0, 1])),
        ["'start'", "missing"],
    ),
    "duration of 0": (
        lambda: fit(data=put(stop=[0, 4, 4, 6, 6, 6, 8, 9]), start=None),
        ["no length", r"\(0, 0\]"],
    ),
    "row without length": (
        lambda: fit(data=put(stop=[3, 4, 4, 2, 6, 6, 8, 9])),
        ["no length", r"\(2, 2\]"],
    ),
    "two rows of one id": (
        lambda: fit(data=put(start=0, stop=[3, 3, 4, 4, 6, 6, 8, 8]), id="pair"),
        ["stand twice", "id="],
    ),
    "overlapping rows of one id": (lambda: fit(id="pair"), ["overlap", "id="]),
    "aliased dummies": (
        lambda: fit("event ~ kind_a + kind_b", dummies()),
        ["collinear|linear combination", "kind_"],
    ),
    "covariate that makes the strata": (
        lambda: fit("event ~ x + pair", strata="pair"),
        ["no variation", "pair", "Leave it out"],
    ),
    "covariate constant in each choice set": (
        lambda: fit("event ~ z + C(pair)", put(start=0, stop=1), strata="pair"),
        ["no variation", "pair"],
    ),
    "one infinite coefficient": (lambda: fit("event ~ down + z", separated()), ["down", "firth"]),
    "two infinite coefficients": (
        lambda: fit(
            "event ~ up + down + z",
            put(up=[1.0, 1, 0, 1, 1, 1, 1, 1], down=[0.0, 0, 1, 0, 0, 1, 0, 0]),
        ),
        ["up|down", "firth"],
    ),
    "dates as times": (
        lambda: fit(
            data=put(
                start=pd.Timestamp("2001-01-01"),
                stop=pd.to_datetime("2001-01-01") + pd.to_timedelta(ROWS["stop"], "D"),
            )
        ),
        ["'start'|'stop'", "number"],
    ),
    "word as event": (
        lambda: fit(data=put(event=np.where(ROWS["event"] == 1, "exit", "stay"))),
        ["'event'", "exit", "astype"],
    ),
    "event of 1 and 2": (lambda: fit(data=put(event=ROWS["event"] + 1)), ["'event'", "Recode"]),
    "negative weight": (
        lambda: fit(data=put(w=[1, -1, 1, 1, 1, 1, 1, 1]), weights="w"),
        ["'w'", "not negative"],
    ),
    "all weights 0": (lambda: fit(data=put(w=0), weights="w"), ["weight 0", "'w'"]),
    "logarithm of negative times": (
        lambda: cm.check_ph(fit(data=put(start=ROWS["start"] - 9, stop=ROWS["stop"] - 9)), "log"),
        ["log"],
    ),
    "weights below 0 in a curve": (
        lambda: cm.survival_curve(put(w=-1.0), weights="w"),
        ["weights", "w"],
    ),
    "curve with a missing group": (
        lambda: cm.survival_curve(put(kind=ROWS["kind"].where(ROWS["id"] > 1)), by="kind"),
        ["kind", "missing"],
    ),
    "curve from before anybody": (
        lambda: cm.predict_survival(
            fit(), pd.DataFrame({"start": [-100], "stop": [6], "x": [1.0]})
        ),
        ["-100|begin|before"],
    ),
    "curve beyond everybody": (
        lambda: cm.predict_survival(fit(), pd.DataFrame({"start": [0], "stop": [60], "x": [1.0]})),
        ["60"],
    ),
    "path with a gap": (
        lambda: cm.predict_survival(
            fit(), pd.DataFrame({"start": [0, 5], "stop": [3, 6], "x": [1.0, 0]})
        ),
        ["no rows for"],
    ),
    "stratum unknown": (
        lambda: cm.predict_survival(fit(strata="half"), {"x": 1}, stratum=9),
        ["stratum", "9"],
    ),
    "stratum not named": (lambda: cm.predict_survival(fit(strata="half"), {"x": 1}), ["stratum="]),
    "category unseen": (
        lambda: fit("event ~ kind", put(kind=list("abababba"))).predict(put(kind="d")),
        ["kind", "'d'"],
    ),
    "cluster column absent": (lambda: fit(cluster="state"), ["state"]),
    "log of a duration of 0": (
        lambda: cm.logit("event ~ x", put(stop=ROWS["stop"] - 3), time="log"),
        ["length|log"],
    ),
    "separated logit": (
        lambda: cm.logit("event ~ down", separated(), time=None),
        ["down", "firth"],
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refused_with_culprit_and_cure(case):
    call, words = REFUSALS[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        with pytest.raises((CoalitionError, ValueError, TypeError)) as caught:
            call()
    for word in words:
        caught.match(word)


def quiet(*arguments: object, **choices: object) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.cox(*arguments, **choices)


def test_what_the_cure_gives():
    """Each cure named in a refusal leads to a fit."""
    assert quiet("event ~ x", put(stop=[0.5, *ROWS["stop"][1:]], start=0)).counts.rows == 8
    assert quiet("event ~ x", ROWS, cluster="pair").counts.clusters == (4,)
    assert quiet("event ~ kind_a", dummies()).converged
    assert quiet("event ~ down + z", separated(), penalty="firth").converged


def test_gaps_in_a_history_are_no_fault():
    data = put(
        id=[1, 2, 3, 4, 1, 2, 3, 4], start=[0, 0, 1, 2, 4, 5, 7, 6], stop=[3, 4, 4, 6, 6, 6, 8, 9]
    )
    assert quiet("event ~ x", data, id="id").counts.members == 4


def test_a_name_that_is_no_word():
    data = ROWS.rename(columns={"x": "bad name"})
    fitted = quiet("event ~ `bad name`", data)
    np.testing.assert_allclose(fitted.coefficients, quiet("event ~ x", ROWS).coefficients)


def test_rows_with_missing_covariates_are_dropped_and_counted():
    data = put(x=[1.0, None, 1, 1, 0, 0, 1, 0])
    fitted = quiet("event ~ x", data)
    assert fitted.counts.rows == 7
    np.testing.assert_allclose(fitted.coefficients, quiet("event ~ x", data.dropna()).coefficients)
