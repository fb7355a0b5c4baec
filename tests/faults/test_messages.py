"""A refusal names the culprit in plain words and a cure."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

M = pd.DataFrame(
    {
        "start": 0,
        "stop": [1, 2, 3, 4, 5, 6, 7, 8],
        "event": [1, 1, 0, 1, 1, 0, 1, 1],
        "k": [1, 2, 1, 3, 2, 3, 1, 3],
        "f": [0.0, 1, 0, 2, 1, 2, 0, 2],
        "x": [1.0, 3, 2, 5, 4, 2, 6, 1],
        "day": pd.to_datetime(["2004-01-01", "2005-01-01"] * 4),
        "word": list("abababab"),
    }
)
UNSEEN = {
    "a number": ("event ~ C(k)", {"k": 4}, "'k' has 4, but .* fitted with 1, 2, 3"),
    "a number with a point": ("event ~ C(f)", {"f": 7.0}, "'f' has 7.0, but .* with 0, 1, 2"),
    "minus nought and a half": ("event ~ C(f)", {"f": -0.5}, r"'f' has -0\.5, but"),
    "a small integer": ("event ~ C(k)", {"k": np.int8(9)}, "'k' has 9, but"),
    "beside a number": (
        "event ~ C(k) + x", {"k": np.uint16(8)}, "'k' has 8, but .* with 1, 2, 3"
    ),
    "a word": ("event ~ word", {"word": "c"}, "'word' has 'c', but .* with 'a', 'b'"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSEEN)
def test_unseen_categories_are_printed_as_written(case):
    formula, new, words = UNSEEN[case]
    fit = cm.cox(formula, M)
    for call in (lambda: fit.predict(M.assign(**new)), lambda: cm.predict_survival(fit, new)):
        with pytest.raises(cm.FormulaError, match="not seen") as caught:
            call()
        assert re.search(words, str(caught.value))
        assert "np." not in str(caught.value)


@pytest.mark.parametrize("wrong", ["high", "1.5 km", "", b"high", ["high", "low"]])
def test_a_word_for_a_number_is_refused_by_column(wrong):
    fit = cm.cox("event ~ x + word", M)
    with pytest.raises(cm.FormulaError, match="'x' must hold numbers"):
        cm.predict_survival(fit, {"x": wrong})


@pytest.mark.parametrize("begin", [-100, -1, -1e-3])
@pytest.mark.parametrize("model", [cm.cox, cm.logit])
def test_a_begin_before_anybody_is_refused_like_a_path_from_there(begin, model):
    data = pd.concat(
        [
            M.assign(
                start=t, stop=t + 1, id=M.index * 9 + t, event=M["event"] * (M["stop"] % 3 == t)
            )
            for t in range(3)
        ]
    )
    options = {} if model is cm.cox else {"time": "linear"}
    fit = model("event ~ x", data, id="id", **options)
    with pytest.raises(cm.DataError, match=f"nobody was observed before 0, so begin={begin}"):
        cm.predict_survival(fit, {"x": 1.0}, begin=begin)
    path = pd.DataFrame({"start": [begin], "stop": [2], "x": [1.0]})
    with pytest.raises(cm.CoalitionError, match=r"before|starts|length|periods"):
        cm.predict_survival(fit, path)


@pytest.mark.parametrize(
    ("term", "cure"),
    [
        ("pspline(x)", r"bs\(x, df=4\)"),
        ("ns(x)", r"cr\(x, df=4, constraints='center'\)"),
        ("ridge(x)", "penalty='firth' is"),
        ("cr(x, df=3)", r"cr\(x, df=3, constraints='center'\)"),
        ("cs(x, df=3)", r"cs\(x, df=3, constraints='center'\)"),
        ("word + cr(x, df=4)", r"cr\(x, df=4, constraints='center'\)"),
        ("pspline(x, df = 3)", "penalised splines are not part"),
        ("ns(x, knots = c(2, 3))", "for a natural spline"),
    ],
)
def test_splines_and_penalties_of_r_say_what_to_write(term, cure):
    with pytest.raises(cm.FormulaError, match=cure) as caught:
        cm.cox(f"event ~ {term}", M)
    assert "no such column" not in str(caught.value)


def test_the_spline_that_is_named_as_the_cure_is_fitted():
    fit = cm.cox("event ~ cr(x, df=3, constraints='center')", M)
    assert len(fit.coefficients) == 3


@pytest.mark.parametrize("ties", ["Exact", "discrete", "average"])
def test_other_rules_for_ties_are_refused_with_those_there_are(ties):
    with pytest.raises(cm.DataError, match="'efron', 'breslow' or 'exact'"):
        cm.cox("event ~ x", M, ties=ties)


@pytest.mark.parametrize("start", [None, "start"])
@pytest.mark.parametrize("row", [0, 3, 7])
def test_durations_of_nothing_are_refused_with_what_to_do(start, row):
    stop = M["stop"].where(M.index != row, 0)
    with pytest.raises(cm.DataError, match=rf"row {row}: \(0, 0\].*half a period"):
        cm.cox("event ~ x", M.assign(stop=stop), start=start)
    # the cure: half a period
    half = cm.cox("event ~ x", M.assign(stop=stop.replace(0, 0.5)), start=start)
    assert half.counts.rows == 8


@pytest.mark.parametrize("apart", [5000, 20_000, -20_000, 1e6])
def test_strata_a_thousand_deviations_apart_are_right_or_refused(apart):
    """R gave wrong coefficients there with no more than a warning."""
    rows = pd.DataFrame(
        {
            "war": ["korea"] * 6 + ["iraq"] * 6,
            "stop": [1, 2, 3, 4, 5, 6] * 2,
            "event": 1,
            "year": [4, 5, 4, 2, 3, 2, 4, 6, 5, 4, 3, 3],
        }
    )
    right = cm.cox("event ~ year", rows, strata="war", start=None).coefficients[0]
    assert right == pytest.approx(1.16473, abs=5e-6)
    far = rows.assign(year=rows["year"] + np.where(rows["war"] == "iraq", apart, 0))
    try:
        found = cm.cox("event ~ year", far, strata="war", start=None).coefficients[0]
    except cm.FitError as error:
        assert "look at the scale" in str(error)  # noqa: PT017
    else:
        assert found == pytest.approx(right, rel=1e-6)
