"""Which facts to check first: shares by hand, an order that is known, what a table must name."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.sensitivity import Dimension, spec_curve, value_of_information

SPEC = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")


def near(panel: pd.DataFrame) -> pd.DataFrame:
    return cm.add_elections(panel, window=1)


@pytest.fixture(scope="module")
def doubtful(voting: cm.Facts) -> cm.Facts:
    """One exit known to the year, one to the month, two contested."""
    members = voting.members
    assert members is not None
    state = members["state"]
    exits = members.get("exit_precision", "day")
    return voting.replace(
        members=members.assign(
            exit_precision=pd.Series(exits, index=members.index)
            .mask(state == "ESP", "year").mask(state == "POL", "month"),
            exit_kind_alt=pd.Series(None, index=members.index, dtype=object)
            .mask(state == "HUN", "scheduled").mask(state == "ITA", "exogenous"),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(doubtful: cm.Facts):
    return value_of_information(
        SPEC, "election_near", doubtful, features=near, error=(0, 0), draws=12
    )


def test_a_fact_is_worth_what_its_values_differ(found, doubtful: cm.Facts) -> None:
    table = found.facts.set_index(["state", "column"])
    assert sorted(table.index) == [
        ("ESP", "exit"), ("HUN", "exit_kind"), ("ITA", "exit_kind"), ("POL", "exit"),
    ]  # fmt: skip
    members = doubtful.members
    assert members is not None
    other = members["exit_kind"].mask(members["state"] == "HUN", "scheduled")
    panel = near(cm.build_panel(doubtful.replace(members=members.assign(exit_kind=other))))
    changed = float(cm.fit(SPEC, panel).coefficients[0])
    as_coded = float(cm.fit(SPEC, near(cm.build_panel(doubtful))).coefficients[0])
    line = table.loc[("HUN", "exit_kind")]
    assert line["reduction"] == pytest.approx((changed - as_coded) ** 2 / 4, rel=1e-6)
    assert line["range"] == "early or scheduled"
    assert line["chance"] == 0.5
    # a day within a month of a monthly panel moves nothing
    assert table.loc[("POL", "exit"), "reduction"] == 0
    assert found.facts["reduction"].is_monotonic_decreasing


def test_the_split_is_of_the_draws(found) -> None:
    split = found.split.set_index("source")["variance"]
    fit_error = float(found.naive["std_error"])
    assert split["sampling"] == pytest.approx(fit_error**2)
    coding = found.draws.query("source == 'coding'")["estimate"]
    assert split["coding"] == pytest.approx(coding.var())
    assert np.isnan(split["specification"])
    share = found.facts["reduction"] / split[["sampling", "dates", "coding"]].sum()
    assert np.allclose(found.facts["share"], share)


def test_it_prints_where_to_look(found) -> None:
    text = str(found)
    for word in ("ESP", "made", "exit_kind", "early or scheduled", "of variance"):
        assert word in text
    assert "the first to check is" in found.summary
    assert "<table" in found._repr_html_()


def test_specifications_are_a_source_too(voting: cm.Facts) -> None:
    panel = near(cm.build_panel(voting))
    ties = Dimension(
        "ties",
        {
            "efron": lambda s: s,
            "breslow": lambda s: s.respecify(ties="breslow"),
            "short": lambda s: s.replace(panel=s.rows.query("stop <= 20")),
        },
    )
    curve = spec_curve(SPEC, "election_near", [ties], panel=panel)
    one = value_of_information(SPEC, "election_near", voting, features=near, error=(0, 0),
                               draws=2, curve=curve)  # fmt: skip
    split = one.split.set_index("source")
    assert split.loc["specification", "variance"] == pytest.approx(curve.table["estimate"].var())
    assert split.loc["dates", "variance"] == 0 == split.loc["coding", "variance"]
    assert one.facts.empty
    assert "No single fact" in one.summary
    with pytest.raises(DataError, match="curve is of"):
        value_of_information(SPEC, "other", voting, features=near, error=(0, 0), curve=curve)


def test_own_facts_need_the_error_of_their_coding(voting: cm.Facts) -> None:
    with pytest.raises(DataError, match="error="):
        value_of_information(SPEC, "election_near", voting, features=near)
