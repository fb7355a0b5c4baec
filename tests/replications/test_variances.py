"""Which covariance was printed: by hand on a toy, and two studies whose notes say another."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import gathered
from coalition_models.replications.variances import printed_se

RECORD = """
from coalition_models import Specification
from coalition_models.replications.study import Model, Study

STUDY = Study(
    name="toy-2021", article="tago_2009", sources=("participation",), tables={"Table 1": "a toy"},
    recipe=("Logit.",), clusters=("g",),
    models=(Model("Table 1", "all", Specification("logit", "event ~ x", time=None)),),
)
"""


def test_the_kind_that_was_printed_is_told(toy, months):
    rows = months()
    with gathered():
        fit = cm.logit("event ~ x", rows, time=None, cluster="g")
    printed = [f"Table 1,all,{name},std_error,{error:.5f},p. 1," for name, error in
               zip(fit.names, fit.std_errors, strict=True)]  # fmt: skip
    found = printed_se(toy(*printed, record=RECORD, name="toy_2021"), rows)
    exact = dict(zip(found["variance"], found["exact"], strict=True))
    assert exact == {
        "model": 0,
        "robust by row, without factor": 0,
        "robust by row, factor n/(n-1)": 0,
        "clustered by g, without factor": 0,
        "clustered by g, factor G/(G-1)": 2,
    }
    assert (found["numbers"] == 2).all()
    each = printed_se(toy(*printed, record=RECORD, name="toy_2021"), rows, each=True)
    assert len(each) == 2 * len(exact)
    met = each[each["match"] == "exact"]
    assert met["term"].tolist() == list(fit.names)
    assert set(met["variance"]) == {"clustered by g, factor G/(G-1)"}
    by_row = cm.logit("event ~ x", rows, time=None, variance="robust").std_errors
    told = each[each["variance"] == "robust by row, factor n/(n-1)"]["ours"]
    assert told.tolist() == pytest.approx(by_row * (len(rows) / (len(rows) - 1)) ** 0.5)


def test_a_study_without_such_errors_is_refused():
    with pytest.raises(cm.ReplicationError, match="prints no standard error"):
        printed_se("berkemeier-fuhrmann-2018", pd.DataFrame())


@pytest.mark.mirror
@pytest.mark.parametrize(
    "name",
    [pytest.param("eschenauer-herre-2023", marks=pytest.mark.slow), "lemke-karstens-2021"],
)
def test_errors_said_to_be_clustered_are_those_of_the_model(name, study_frames):
    found = printed_se(name, study_frames(name))
    total = found.groupby("variance")[["numbers", "exact"]].sum()
    assert total.loc["model", "exact"] >= total.loc["model", "numbers"] - 3
    clustered = total[total.index.str.startswith("clustered")]
    assert (clustered["exact"] < 0.1 * clustered["numbers"]).all()
