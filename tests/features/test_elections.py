"""Distance to elections, by hand on own calendars and for real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of, sources_of
from coalition_models.timelines.given import facts_beside


@pytest.fixture(scope="module")
def votes():
    return pd.DataFrame(
        {
            "cow": [230, 230, 325],
            "date": pd.to_datetime(["2004-03-14", "2008-03-09", "2006-04-09"]),
            "kind": ["legislative"] * 3,
        }
    )


def test_months_to_and_since_by_hand(iraq, votes, row):
    panel = cm.add_elections(iraq, window=2, facts=facts_beside(iraq, elections=votes))
    expected = {  # month: to next, since last, near, this month, after
        "2003-12-01": (3, None, 0, 0, 0),
        "2004-01-01": (2, None, 1, 0, 0),
        "2004-03-01": (0, None, 1, 1, 0),
        "2004-04-01": (47, 1, 0, 0, 1),
    }
    names = ["months_to_election", "months_since_election"]
    flags = ["election_near", "election_month", "post_election"]
    for month, values in expected.items():
        found = [row(panel, "ESP", month, name) for name in (*names, *flags)]
        assert [None if np.isnan(v) else v for v in found] == list(values), month


def test_as_of_end_counts_an_election_within_the_month_as_past(iraq, votes, row):
    at_end = cm.add_elections(iraq, as_of="end", facts=facts_beside(iraq, elections=votes))
    assert row(at_end, "ESP", "2004-03-01", "months_since_election") == 0
    assert row(at_end, "ESP", "2004-04-01", "months_since_election") == 1


def test_distances_pass_over_no_month_where_rows_are_years():
    """An election in January is one month from the year before, not twelve."""
    years = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="year")
    rows = years[years["state"] == "ESP"].iloc[[0]]
    year = rows["period"].dt.year.iloc[0]
    for month, distance in ((1, 1), (6, 6), (12, 12)):
        vote = pd.DataFrame(
            {"cow": [230], "date": [pd.Timestamp(year + 1, month, 14)], "kind": ["legislative"]}
        )
        found = cm.add_elections(rows, window=12, facts=facts_beside(rows, elections=vote)).iloc[0]
        assert found["months_to_election"] == distance
        assert found["election_near"] == 1
        assert found["election_month"] == 0
        near = cm.add_elections(rows, window=0, facts=facts_beside(rows, elections=vote)).iloc[0]
        assert near["election_near"] == 0


def test_a_quarter_knows_an_election_anywhere_within_it(votes, row):
    quarters = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="quarter")
    panel = cm.add_elections(quarters, facts=facts_beside(quarters, elections=votes))
    assert row(panel, "ESP", "2004-01-01", "months_to_election") == 0
    assert row(panel, "ESP", "2004-01-01", "election_month") == 1
    assert row(panel, "ESP", "2003-10-01", "months_to_election") == 3  # December to March


def test_states_that_the_own_table_does_not_list_are_missing_never_zero(iraq, votes, row):
    panel = cm.add_elections(iraq, facts=facts_beside(iraq, elections=votes))
    assert np.isnan(row(panel, "DNK", "2004-03-01", "months_to_election"))
    flags = ["election_near", "election_month", "post_election"]
    assert panel.loc[panel["state"] == "DNK", flags].isna().all(axis=None)


@pytest.mark.parametrize(
    ("state", "month"),
    [
        ("ESP", "2004-03"),  # 14 March 2004
        ("ITA", "2006-04"),  # 9-10 April 2006
        ("AUS", "2007-11"),  # 24 November 2007
        ("POL", "2007-10"),  # 21 October 2007
        ("KOR", "2007-12"),  # 19 December 2007
        ("UKR", "2004-12"),  # 26 December 2004, repeated second round
        ("JPN", "2005-09"),  # 11 September 2005
        ("GBR", "2005-05"),  # 5 May 2005
    ],
)
def test_real_elections_of_members(iraq, row, state, month):
    panel = cm.add_elections(iraq)
    assert row(panel, state, month, "months_to_election") == 0
    assert row(panel, state, month, "election_month") == 1
    before = pd.Timestamp(month) - pd.DateOffset(months=1)
    assert row(panel, state, before, "months_to_election") == 1
    assert row(panel, state, before, "election_near") == 1


def test_the_dutch_election_of_june_2010_near_when_the_cabinet_fell_in_february(isaf, row):
    panel = cm.add_elections(isaf)
    assert row(panel, "NLD", "2010-02-01", "months_to_election") == 4
    assert row(panel, "NLD", "2010-02-01", "election_near") == 1
    assert row(panel, "NLD", "2010-06-01", "election_month") == 1
    strict = cm.add_elections(isaf, strict=True, notice=3)
    # an early vote: not known to be near while the cabinet stood
    assert row(strict, "NLD", "2010-02-01", "election_near") == 0
    assert row(strict, "NLD", "2010-03-01", "election_near") == 1


def test_missing_outside_the_coverage_never_zero(iraq):
    panel = cm.add_elections(iraq, kinds=["presidential"])
    missing = panel["election_near"].isna()
    assert missing.any()
    assert panel.loc[missing, "election_month"].isna().all()
    assert record_of(panel).features["election_near"]["missing_rows"] == int(missing.sum())


def test_shapes_of_proximity_by_hand(iraq, votes, row):
    panel = cm.add_elections(iraq, half_life=3, facts=facts_beside(iraq, elections=votes))
    # 14 March 2004: three months ahead of December, one of February
    assert row(panel, "ESP", "2003-12-01", "election_proximity") == 0.5
    assert row(panel, "ESP", "2003-09-01", "election_proximity") == 0.25
    assert row(panel, "ESP", "2004-03-01", "election_proximity") == 1
    assert row(panel, "ESP", "2003-09-01", "years_to_election_squared") == 0.5**2
    assert row(panel, "ESP", "2003-09-01", "years_to_election_cubed") == 0.5**3


def test_share_of_the_term_by_hand(iraq, row):
    votes = pd.DataFrame(
        {
            "cow": [230, 230, 230, 230],
            "date": pd.to_datetime(["2003-03-01", "2003-06-01", "2003-06-20", "2004-03-14"]),
            "kind": ["legislative", "presidential", "presidential", "legislative"],
            "round": [pd.NA, 1, 2, pd.NA],
        }
    )
    panel = cm.add_elections(iraq, facts=facts_beside(iraq, elections=votes))
    # the next vote is for parliament; its term began in March 2003, whoever was elected since
    assert row(panel, "ESP", "2003-09-01", "term_elapsed") == 6 / 12
    assert row(panel, "ESP", "2004-03-01", "term_elapsed") == 1
    assert np.isnan(row(panel, "ESP", "2004-04-01", "term_elapsed"))


def test_between_two_rounds_the_term_is_over(iraq, row):
    panel = cm.add_elections(iraq)
    assert row(panel, "UKR", "2004-11-01", "term_elapsed") == 1
    # after both rounds the new term counts from the first, October 2004, to January 2010
    assert row(panel, "UKR", "2005-01-01", "term_elapsed") == pytest.approx(3 / 63)


def test_strict_knows_a_vote_only_once_it_is_called(iraq, votes, row):
    called = votes.assign(
        called=pd.to_datetime(["2004-01-20", None, None]), scheduled=[None, "yes", None]
    )
    panel = cm.add_elections(
        iraq, strict=True, notice=2, facts=facts_beside(iraq, elections=called)
    )
    assert np.isnan(row(panel, "ESP", "2004-01-01", "months_to_election"))
    assert row(panel, "ESP", "2004-01-01", "election_near") == 0
    assert row(panel, "ESP", "2004-02-01", "months_to_election") == 1
    assert row(panel, "ESP", "2004-04-01", "months_to_election") == 47  # on schedule: known
    # Italy's is neither called nor on schedule: known two months before
    assert np.isnan(row(panel, "ITA", "2006-01-01", "months_to_election"))
    assert row(panel, "ITA", "2006-02-01", "months_to_election") == 2
    at_end = cm.add_elections(
        iraq, strict=True, as_of="end", facts=facts_beside(iraq, elections=called)
    )
    assert row(at_end, "ESP", "2004-01-01", "months_to_election") == 2


@pytest.mark.parametrize("moment", ["start", "end"])
@pytest.mark.parametrize(
    ("snap", "kind"), [("2004-03-14", "legislative"), ("2004-02-20", "legislative"),
                       ("2004-03-14", "presidential")],
)  # fmt: skip
def test_a_vote_called_later_hides_none_called_before(iraq, row, moment, snap, kind):
    """A snap vote called in February, before one that was called in December for May."""
    both = pd.DataFrame(
        {
            "cow": 230,
            "date": pd.to_datetime(["2000-03-12", "2004-05-09", snap]),
            "kind": ["legislative", "legislative", kind],
            "called": pd.to_datetime(["2000-01-17", "2003-12-05", "2004-02-02"]),
        }
    )
    known = "2004-01-01"
    outs = [
        cm.add_elections(
            iraq, strict=True, as_of=moment, kinds=["legislative", "presidential"],
            facts=facts_beside(iraq, elections=votes),
        )
        for votes in (both, both.iloc[:2])
    ]  # fmt: skip
    for name in ("months_to_election", "election_near", "term_elapsed"):
        assert row(outs[0], "ESP", known, name) == row(outs[1], "ESP", known, name)
    assert row(outs[0], "ESP", known, "months_to_election") == 4
    assert row(outs[0], "ESP", known, "term_elapsed") == pytest.approx(46 / 50)
    # and once both are called the nearer one counts
    assert row(outs[0], "ESP", "2004-03-01", "months_to_election") == (0 if snap > "2004-03" else 2)


def test_presets_set_the_window_and_say_what_is_assumed(iraq, row):
    same_month = cm.add_elections(iraq, preset="tago2009")
    pd.testing.assert_series_equal(
        same_month["election_near"], same_month["election_month"], check_names=False
    )
    assert record_of(same_month).features["election_near"]["assumed"] is True
    two = cm.add_elections(iraq, preset="mello2020")
    assert row(two, "ESP", "2003-12-01", "election_near") == 0
    assert row(two, "ESP", "2004-01-01", "election_near") == 1
    assert record_of(two).features["election_near"]["assumed"] is False
    year = cm.add_elections(iraq, preset="duursma-gledhill2019")
    assert record_of(year).features["election_near"]["window"] == 12
    with pytest.raises(cm.DataError, match="sets window=2"):
        cm.add_elections(iraq, preset="mello2020", window=4)
    with pytest.raises(cm.DataError, match="preset must be one of tago2009"):
        cm.add_elections(iraq, preset="mello")


def test_sources_by_name(iraq, row):
    parlgov = cm.add_elections(iraq, sources="parlgov")
    reign = cm.add_elections(iraq, sources="reign")
    # Poland's parliament stands in ParlGov, its president in REIGN
    assert row(parlgov, "POL", "2007-10-01", "election_month") == 1
    assert row(reign, "POL", "2007-10-01", "election_month") == 0
    assert row(reign, "POL", "2005-10-01", "election_month") == 1
    assert np.isnan(row(parlgov, "KOR", "2007-12-01", "election_month"))  # not in ParlGov
    assert row(reign, "KOR", "2007-12-01", "election_month") == 1
    with pytest.raises(cm.DataError, match="sources must be one of union"):
        cm.add_elections(iraq, sources="newspapers")


def test_by_regime_only_the_leading_office_counts(iraq, row):
    panel = cm.add_elections(iraq, kinds="regime")
    assert row(panel, "POL", "2007-10-01", "election_month") == 0
    assert row(panel, "POL", "2005-10-01", "election_month") == 1
    assert row(panel, "ESP", "2004-03-01", "election_month") == 1
    both = cm.add_elections(iraq, kinds="both")
    assert row(both, "POL", "2007-10-01", "election_month") == 1
    assert np.isnan(row(both, "ESP", "2004-03-01", "election_month"))  # no president covered


def test_a_window_that_leaves_the_coverage_is_not_a_zero():
    rsm = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    panel = cm.add_elections(rsm)
    # only REIGN covers Georgia, to February 2021: after the vote of November 2020 nobody knows
    georgia = panel[panel["state"] == "GEO"].set_index("period")
    assert georgia.loc["2020-11-01", "election_near"] == 1
    assert np.isnan(georgia.loc["2020-12-01", "election_near"])
    assert georgia.loc["2020-12-01", "election_month"] == 0
    # ParlGov covers Britain to December 2021: six months from January are within
    britain = panel[panel["state"] == "GBR"].set_index("period")
    assert np.isnan(britain.loc["2021-01-01", "months_to_election"])
    assert britain.loc["2021-01-01", "election_near"] == 0


@pytest.mark.mirror
def test_nelda_alone(iraq, mirror, monkeypatch, row):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    panel = cm.add_elections(iraq, sources="nelda", kinds="legislative")
    assert row(panel, "ESP", "2004-03-01", "election_month") == 1
    assert sources_of(panel)[-1] == "nelda"
    late = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    assert cm.add_elections(late, sources="nelda")["election_near"].isna().all()


@pytest.mark.slow
@pytest.mark.mirror
def test_the_extended_union_has_what_the_bundled_table_has(iraq, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    plain = cm.add_elections(iraq)
    wide = cm.add_elections(iraq, external="require")
    known = plain["election_month"] == 1
    assert (wide.loc[known, "election_month"] == 1).all()
    assert wide["election_near"].notna().sum() >= plain["election_near"].notna().sum()


def test_bad_options(iraq, votes):
    with pytest.raises(cm.DataError, match="window must be a whole number"):
        cm.add_elections(iraq, window=1.5)
    with pytest.raises(cm.DataError, match="kinds must be"):
        cm.add_elections(iraq, kinds=["regional"])
    with pytest.raises(cm.DataError, match="lacks the columns kind"):
        cm.add_elections(iraq, facts=facts_beside(iraq, elections=votes.drop(columns="kind")))
    with pytest.raises(cm.DataError, match="column date is empty in 1 row: 230 legislative"):
        cm.add_elections(
            iraq,
            facts=facts_beside(
                iraq, elections=votes.assign(date=votes["date"].where(votes.index != 1))
            ),
        )
    with pytest.raises(cm.DataError, match="in a table of your own"):
        cm.add_elections(iraq, kinds="regime", facts=facts_beside(iraq, elections=votes))
    with pytest.raises(cm.DataError, match="half_life must be a positive"):
        cm.add_elections(iraq, half_life=0)
    with pytest.raises(cm.DataError, match="notice must be a whole number"):
        cm.add_elections(iraq, strict=True, notice=-1)
    with pytest.raises(cm.DataError, match="panel lacks the columns cow"):
        cm.add_elections(iraq.drop(columns="cow"))


def test_rows_and_order_stay(iraq):
    shuffled = iraq.sample(frac=1, random_state=3)
    panel = cm.add_elections(shuffled)
    pd.testing.assert_index_equal(panel.index, shuffled.index)
    pd.testing.assert_frame_equal(
        panel.sort_index()[["election_near"]], cm.add_elections(iraq)[["election_near"]]
    )
