"""New leaders: by hand on an own table, and Spain in April 2004."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of
from coalition_models.timelines.given import facts_beside
from coalition_models.timelines.leader_terms import COLLECTIVE, join_collective


@pytest.fixture(scope="module")
def leaders():
    return pd.DataFrame(
        {
            "cow": [230, 230],
            "leader": ["A", "B"],
            "start": pd.to_datetime(["2003-09-10", "2004-02-17"]),
            "end": pd.to_datetime(["2004-02-17", None]),
        }
    )


def test_by_hand(iraq, leaders, row):
    panel = cm.add_leadership(iraq, window=2, facts=facts_beside(iraq, leaders=leaders))
    # A took office within September: known from October on, as a leader of one month
    assert np.isnan(row(panel, "ESP", "2003-09-01", "leader_change"))
    expected = {  # month: change, tenure, joined under another
        "2003-10-01": (1, 1, None),
        "2003-11-01": (1, 2, None),
        "2003-12-01": (0, 3, None),
        "2004-02-01": (0, 5, None),
        "2004-03-01": (1, 1, None),
        "2004-04-01": (1, 2, None),
    }
    for month, (change, tenure, _) in expected.items():
        assert row(panel, "ESP", month, "leader_change") == change, month
        assert row(panel, "ESP", month, "tenure_months") == tenure, month


def test_as_of_end_counts_the_change_in_its_own_month(iraq, leaders, row):
    panel = cm.add_leadership(
        iraq, window=2, as_of="end", facts=facts_beside(iraq, leaders=leaders)
    )
    assert row(panel, "ESP", "2004-02-01", "leader_change") == 1
    assert row(panel, "ESP", "2004-02-01", "tenure_months") == 0
    assert row(panel, "ESP", "2004-01-01", "leader_change") == 0


def test_the_leader_who_sent_the_troops_is_gone(iraq, row):
    leaders = pd.DataFrame(
        {
            "cow": [230, 230],
            "leader": ["A", "B"],
            "start": pd.to_datetime(["1996-05-05", "2004-02-17"]),
            "end": pd.to_datetime(["2004-02-17", None]),
        }
    )
    panel = cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=leaders))
    assert row(panel, "ESP", "2004-02-01", "joined_under_other_leader") == 0
    assert row(panel, "ESP", "2004-03-01", "joined_under_other_leader") == 1


def test_spain_2004_shows_what_as_of_means(iraq, row):
    """Zapatero took office on 17 April; the contingent left on 27 April."""
    assert row(cm.add_leadership(iraq), "ESP", "2004-04-01", "leader_change") == 0
    assert row(cm.add_leadership(iraq, as_of="end"), "ESP", "2004-04-01", "leader_change") == 1


def test_australia_and_poland_after_their_elections(iraq, row):
    panel = cm.add_leadership(iraq, who="head_of_government", window=6)
    assert row(panel, "AUS", "2008-01-01", "leader_change") == 1  # Rudd, December 2007
    assert row(panel, "AUS", "2007-11-01", "leader_change") == 0
    assert row(panel, "POL", "2007-12-01", "leader_change") == 1  # Tusk, November 2007
    assert row(panel, "GBR", "2007-07-01", "leader_change") == 1  # Brown, June 2007


@pytest.mark.parametrize(
    ("state", "month", "party"),
    [
        ("ESP", "2004-04", 1),  # Zapatero after Aznar
        ("ITA", "2006-05", 1),  # Prodi after Berlusconi
        ("AUS", "2007-12", 1),  # Rudd after Howard
        ("GBR", "2007-06", 0),  # Brown after Blair
        ("JPN", "2006-09", 0),  # Abe after Koizumi
        ("JPN", "2007-09", 0),  # Fukuda after Abe
        ("UKR", "2005-01", None),  # Yushchenko after Kuchma; a president has no party here
        ("KOR", "2008-02", None),  # Lee after Roh, elected in December 2007
    ],
)
def test_new_leaders_of_members(iraq, row, state, month, party):
    panel = cm.add_leadership(iraq, as_of="end")
    assert row(panel, state, month, "leader_change") == 1
    assert row(panel, state, month, "tenure_months") == 0
    found = row(panel, state, month, "party_change")
    assert np.isnan(found) if party is None else found == party
    before = pd.Timestamp(month) - pd.DateOffset(months=1)
    assert row(panel, state, before, "leader_change") == 0


def test_poland_changed_its_head_of_government_while_the_president_stayed(iraq, row):
    head = cm.add_leadership(iraq, who="head_of_government", as_of="end")
    assert row(head, "POL", "2007-10-01", "leader_change") == 0
    assert row(head, "POL", "2007-11-01", "leader_change") == 1  # 16 November
    assert row(head, "POL", "2007-11-01", "party_change") == 1
    president = cm.add_leadership(iraq, as_of="end")
    assert row(president, "POL", "2007-11-01", "leader_change") == 0
    assert row(president, "POL", "2007-11-01", "tenure_months") == 23  # since 23 December 2005


def test_the_netherlands_had_no_new_leader_until_october_2010(isaf, row):
    panel = cm.add_leadership(isaf, who="head_of_government", as_of="end")
    for month in ("2010-02-01", "2010-06-01", "2010-08-01"):
        assert row(panel, "NLD", month, "leader_change") == 0


@pytest.fixture(scope="module")
def parties():
    """Three leaders: a new one of the other side, then one of the same party; the office vacant."""
    return pd.DataFrame(
        {
            "cow": [230, 230, 230],
            "leader": ["A", "B", "C"],
            "start": pd.to_datetime(["1996-05-05", "2003-10-10", "2004-02-20"]),
            "end": pd.to_datetime(["2003-10-10", "2003-12-31", None]),
            "party": ["right", "left", "left"],
            "left_right": [7.0, 3.0, 4.0],
            "entry": ["regular", "irregular", "unknown"],
            "source_change": [None, "yes", "no"],
        }
    )


def test_party_and_position_by_hand(iraq, parties, row):
    panel = cm.add_leadership(iraq, window=1, facts=facts_beside(iraq, leaders=parties))
    nan = float("nan")
    expected = {  # month: party change, position, its change, since entry, months since change
        "2003-10-01": (0, 7, 0, 0, 89),
        "2003-11-01": (1, 3, -4, -4, 1),
        "2003-12-01": (0, 3, 0, -4, 2),
        "2004-02-01": (nan, nan, nan, nan, 2),  # B left in December, nobody has followed yet
        "2004-03-01": (0, 4, 1, -3, 1),
        "2004-04-01": (0, 4, 0, -3, 2),
    }
    names = [
        "party_change",
        "left_right",
        "left_right_change",
        "left_right_since_entry",
        "months_since_leader_change",
    ]
    for month, values in expected.items():
        found = [row(panel, "ESP", month, name) for name in names]
        np.testing.assert_equal(found, values, err_msg=month)


def test_manner_of_entry_and_source_of_support_by_hand(iraq, parties, row):
    panel = cm.add_leadership(iraq, window=1, facts=facts_beside(iraq, leaders=parties))
    assert row(panel, "ESP", "2003-10-01", "irregular_entry") == 0
    assert row(panel, "ESP", "2003-11-01", "irregular_entry") == 1
    assert np.isnan(row(panel, "ESP", "2004-03-01", "irregular_entry"))
    assert row(panel, "ESP", "2003-11-01", "support_change") == 1
    assert row(panel, "ESP", "2003-12-01", "support_change") == 0
    assert row(panel, "ESP", "2004-03-01", "support_change") == 0
    # once changed since entry it stays changed, though C rests on the support B had
    assert row(panel, "ESP", "2003-10-01", "support_changed_since_entry") == 0
    assert row(panel, "ESP", "2004-03-01", "support_changed_since_entry") == 1
    assert panel.loc[panel["state"] != "ESP", "support_change"].isna().all()


def test_successive_terms_of_one_person_are_one(iraq, row):
    terms = pd.DataFrame(
        {
            "cow": [230, 230],
            "leader": ["A", "A"],
            "start": pd.to_datetime(["2000-05-05", "2003-11-10"]),
            "end": pd.to_datetime(["2003-11-10", None]),
        }
    )
    panel = cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=terms))
    assert row(panel, "ESP", "2003-12-01", "leader_change") == 0
    assert row(panel, "ESP", "2003-12-01", "tenure_months") == 43
    assert row(panel, "ESP", "2003-12-01", "joined_under_other_leader") == 0
    # a person who comes back after a gap is new again
    back = terms.assign(end=pd.to_datetime(["2003-08-20", None]))
    panel = cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=back))
    assert row(panel, "ESP", "2003-12-01", "leader_change") == 1


def test_external_columns_are_asked_for(iraq):
    plain = cm.add_leadership(iraq)
    external = {"irregular_entry", "support_change", "coalition_cabinet"}
    assert not external & set(plain.columns)


@pytest.mark.mirror
@pytest.mark.slow
def test_support_cabinets_and_entry_from_external_sources(iraq, isaf, mirror, monkeypatch, row):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    panel = cm.add_leadership(iraq, external="require", as_of="end")
    assert row(panel, "ESP", "2004-04-01", "support_change") == 1  # other party, other voters
    assert row(panel, "GBR", "2007-06-01", "support_change") == 0  # Labour after Labour
    assert row(panel, "UKR", "2005-01-01", "irregular_entry") == 0
    dutch = cm.add_leadership(isaf, external="require", as_of="end")
    # the cabinet fell over Afghanistan on 20 February 2010 and went on as a caretaker
    assert row(dutch, "NLD", "2010-01-01", "caretaker_cabinet") == 0
    assert row(dutch, "NLD", "2010-02-01", "caretaker_cabinet") == 1
    assert row(dutch, "NLD", "2010-06-01", "minority_cabinet") == 1
    assert row(dutch, "NLD", "2010-01-01", "coalition_cabinet") == 1
    head = cm.add_leadership(iraq, who="head_of_government", external="require")
    # CHISOLS follows one leader per state: nothing is known of another office
    assert head[["support_change", "support_changed_since_entry"]].isna().all(axis=None)
    archigos = cm.add_leadership(iraq, who="archigos", as_of="end")
    assert row(archigos, "ESP", "2004-04-01", "leader_change") == 1


def test_missing_where_no_leader_is_on_record(iraq, leaders):
    panel = cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=leaders))
    others = panel["state"] != "ESP"
    assert panel.loc[others, ["leader_change", "tenure_months"]].isna().all(axis=None)


def test_nobody_leads_after_the_last_leader_left(iraq, row):
    gone = pd.DataFrame(
        {
            "cow": [230],
            "leader": ["A"],
            "start": pd.to_datetime(["1996-05-05"]),
            "end": pd.to_datetime(["2003-12-20"]),
        }
    )
    panel = cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=gone))
    assert row(panel, "ESP", "2003-12-01", "leader_change") == 0
    assert np.isnan(row(panel, "ESP", "2004-02-01", "leader_change"))


def chairs():
    """A body whose chair goes round, by months of 2004, beside an ordinary state."""
    starts = ["1996-05-05", "2004-04-17", "2003-01-01", "2004-01-01", "2005-01-01"]
    ends = ["2004-04-17", None, "2004-01-01", "2005-01-01", None]
    return pd.DataFrame(
        {
            "cow": [230, 230, 225, 225, 225],
            "leader": ["A", "B", "X", "Y", "Z"],
            "start": pd.to_datetime(starts),
            "end": pd.to_datetime(ends),
            "party": ["P", "Q", "R", "S", "T"],
            "left_right": [7.0, 4.0, 5.0, 6.0, 7.0],
            "entry": "regular",
        }
    )


def test_the_chairs_of_a_body_are_one_leader():
    table = chairs()
    before = table.copy(deep=True)
    out = join_collective(table)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(out.iloc[:2], before.iloc[:2])
    assert len(out) == 3
    body = out.iloc[2]
    assert (body["cow"], body["leader"]) == (225, COLLECTIVE)
    assert (body["start"], body["entry"]) == (pd.Timestamp("2003-01-01"), "regular")
    assert body[["end", "party", "left_right"]].isna().all()
    assert out.dtypes.to_dict() == table.dtypes.to_dict()
    # the order of rows does not matter, and a second time changes nothing
    pd.testing.assert_frame_equal(join_collective(table.iloc[::-1]).iloc[[2]], out.iloc[[2]])
    pd.testing.assert_frame_equal(join_collective(out), out)
    closed = table.assign(end=table["end"].fillna(pd.Timestamp("2006-01-01")))
    assert join_collective(closed)["end"].iloc[2] == pd.Timestamp("2006-01-01")
    nobody = table[table["cow"] == 230]
    assert join_collective(nobody) is nobody


def test_a_chair_going_round_is_no_new_leader(iraq, isaf, row):
    for panel, state, month in ((iraq, "BIH", "2006-12-01"), (isaf, "CHE", "2005-02-01")):
        counted = cm.add_leadership(panel, rotation="count")
        ignored = cm.add_leadership(panel)
        assert row(counted, state, month, "leader_change") == 1
        body = ignored[ignored["state"] == state]
        assert body["leader_change"].eq(0).all()
        assert body["joined_under_other_leader"].eq(0).all()
        assert body["tenure_months"].diff().dropna().eq(1).all()
        assert body[["party_change", "left_right"]].isna().all(axis=None)
        assert record_of(ignored).features["leader_change"]["rotation"] == "ignore"
        # nobody else is touched
        new = [c for c in ignored.columns if c not in panel.columns]
        others = ~panel["state"].isin(["BIH", "CHE"])
        pd.testing.assert_frame_equal(ignored.loc[others, new], counted.loc[others, new])
    # a table of your own is taken as it stands, unless you join it
    mine = cm.add_leadership(isaf, facts=facts_beside(isaf, leaders=chairs()))
    assert row(mine, "CHE", "2005-02-01", "leader_change") == 1
    assert record_of(mine).features["leader_change"]["rotation"] == "as given"
    joined = cm.add_leadership(isaf, facts=facts_beside(isaf, leaders=join_collective(chairs())))
    assert row(joined, "CHE", "2005-02-01", "leader_change") == 0


@pytest.mark.mirror
def test_bodies_in_the_external_sources(isaf, mirror, monkeypatch, row):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    for source in ("reign-leaders", "archigos"):
        terms = cm.load(source).dropna(subset=["cow"]).astype({"cow": "int64"})
        joined = join_collective(terms[["cow", "leader", "start", "end"]])
        assert joined[joined["cow"].isin([225, 346])]["leader"].tolist() == [COLLECTIVE] * 2
        assert not joined["cow"].isin([225, 346])[: len(joined) - 2].any()
    out = cm.add_leadership(isaf, who="archigos", external="require")
    assert out.loc[out["state"] == "CHE", "leader_change"].eq(0).all()


def test_a_window_shorter_than_the_period_warns(row):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="year")
    for add in (cm.add_leadership, cm.add_elections):
        with pytest.warns(cm.CoalitionWarning, match="take window=12"):
            out = add(panel, window=6)
        notes = [about.get("note", "") for about in record_of(out).features.values()]
        assert all("shorter than the period" in note for note in notes)
        # these miss nothing, and the suite turns warnings into errors
        whole = add(panel, window=12)
        add(panel, window=6, as_of="end")
        assert not any("note" in about.choices for about in record_of(whole).features.values())
    wide = cm.add_leadership(panel, window=12)
    # Zapatero took office in April 2004 and Berlusconi's successor in May 2006
    assert row(wide, "ITA", "2006-01-01", "leader_change") == 0
    late = cm.add_leadership(panel, window=12, as_of="end")
    assert row(late, "ITA", "2006-01-01", "leader_change") == 1


def test_bad_options(iraq, leaders):
    with pytest.raises(cm.DataError, match="who must be one of"):
        cm.add_leadership(iraq, who="king")
    with pytest.raises(cm.DataError, match="rotation must be 'ignore'"):
        cm.add_leadership(iraq, rotation="no")
    with pytest.raises(cm.DataError, match="lacks the columns end"):
        cm.add_leadership(iraq, facts=facts_beside(iraq, leaders=leaders.drop(columns="end")))
    with pytest.raises(cm.DataError, match="column leader is empty in 1 row: rows 0"):
        cm.add_leadership(
            iraq, facts=facts_beside(iraq, leaders=leaders.assign(leader=[None, "B"]))
        )
    with pytest.raises(cm.DataError, match="leave before they enter: A"):
        cm.add_leadership(
            iraq,
            facts=facts_beside(
                iraq, leaders=leaders.assign(end=pd.to_datetime(["2001-01-01", None]))
            ),
        )
