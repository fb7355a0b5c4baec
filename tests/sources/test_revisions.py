"""Earlier revisions of the facts: kept whole, and every change listed."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sources._paths import data_dir
from coalition_models.sources.catalog import contract_of, revised_tables, tables

#: sha256 of the tables as the first revision published them
_FIRST = {
    "coalitions": "ac9d636e6b69aa735e8a94e1cb2d799f7899522e8452cddc1e5a7bdb2a9d60a0",
    "coverage": "c4d4e44ba41133c7d5b22cba03830d3b1d9db3912b5f7405e8aebaecc1bba38a",
    "fatal_incidents": "3607158ba3516fa48140b7f0bd1f995e801469625a535a4d3f4726d6884db5fb",
    "fatalities": "e4b801fa1b704692b390a9116d581c20a18d80169dfe3135c0f41b055a19a422",
    "participation": "c89e1af93cb85fb41e8e9e2ddcb436b6e9865d1da2d979fb1ff9b2b6ead9a359",
    "profile_changes": "4c229c67e3658f93e9df04bfc826adcc85a1c08d6132f4741be17d7e5196c9fc",
    "second_coder_sample": "afc3277b2d3da3e9becb4a3e4e2fda371c980e75a96a97a213dd68b584924c2a",
    "troops": "c034ebb13cafdc5293c85d8c740e4e08f826d6bacc7aff6d267244720af0d113",
}

#: changed since in other ways than by a revision of a value: new columns
_NEW_COLUMNS = {"participation": ["operation", "operation_from"], "second_coder_sample": ["round"]}


@pytest.mark.parametrize("name", sorted(_FIRST))
def test_the_first_revision_is_kept_byte_by_byte(name):
    path = data_dir() / "revision-1" / f"{name}.csv"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == _FIRST[name]


def test_every_table_with_a_revision_is_tested_here():
    assert sorted(revised_tables()) == sorted(_FIRST)


@pytest.mark.parametrize("name", sorted(_FIRST))
def test_it_loads_with_its_own_columns_and_says_its_revision(name):
    first, now = cm.load(name, revision=1), cm.load(name)
    assert len(first) == tables()[name].earlier[1].rows
    new = _NEW_COLUMNS.get(name, [])
    assert [c for c in now.columns if c not in first.columns] == new
    told = [cm.record_of(table).notes["table"]["revision"] for table in (first, now)]
    assert told == [1, 2]
    assert cm.load(name, revision=2).equals(now)


@pytest.mark.parametrize("revision", [0, 3, -1])
def test_a_revision_that_is_not_there_is_refused(revision):
    with pytest.raises(cm.DataError, match=f"troops has the revisions 1 and 2, not {revision}"):
        cm.load("troops", revision=revision)


def test_a_table_without_revisions_says_which_have_some():
    with pytest.raises(cm.DataError, match=r"elections has no revisions: .*participation"):
        cm.load("elections", revision=1)


def test_every_changed_value_of_participation_is_listed():
    key = ["coalition", "state", "spell"]
    first = cm.load("participation", revision=1).set_index(key)
    now = cm.load("participation").set_index(key).loc[first.index, first.columns]
    listed = cm.load("revisions")
    known = set(listed[[*key, "field"]].itertuples(index=False, name=None))
    changed = {
        (*row, column)
        for column in first.columns
        for row in first.index[(first[column].astype(str) != now[column].astype(str)).to_numpy()]
    }
    assert changed <= known
    assert len(changed) == 304


def test_the_new_tables_hold_to_their_contracts():
    for name in ("announcements", "lead_deaths", "counting_basis", "joint_exits", "revisions"):
        assert contract_of(name).problems(cm.load(name)) == []


def test_joint_exits_are_spells_of_participation():
    joint = cm.load("joint_exits")
    spells = cm.load("participation")[["coalition", "state", "spell", "exit", "exit_kind"]]
    both = joint.merge(spells, on=["coalition", "state", "spell"], how="left", validate="1:1")
    assert both["exit"].notna().all()
    assert (joint.groupby("group").size() > 1).all()
    assert set(joint["follows"].dropna()) <= set(joint["group"])
    spain = joint.query("group == 'iraq_spain_2004'").set_index("state")["part"].to_dict()
    assert spain == {"ESP": "first", "HND": "followed", "DOM": "followed"}


def test_daily_and_yearly_american_deaths_agree_where_the_documentation_says_so():
    daily = cm.load("lead_deaths")
    by_day = daily.groupby(["coalition", daily["date"].dt.year])["deaths"].sum()
    by_year = (
        cm.load("fatalities").query("state == 'USA'").set_index(["coalition", "year"])["deaths"]
    )
    assert by_day["iraq"].sum() == 4485
    assert by_day["isaf"].sum() == 2346
    assert (by_day["iraq"].loc[2003:2009] == by_year["iraq"]).all()
    apart = (by_day["isaf"] - by_year["isaf"]).loc[:2013]
    assert apart.abs().max() == 5
    assert (apart != 0).sum() == 7


def test_each_list_of_isaf_has_its_basis():
    lists = cm.load("counting_basis")
    assert len(lists) == 70
    narrow = lists.query("basis == 'required_only'")["date"]
    assert [f"{day:%Y-%m-%d}" for day in narrow] == ["2012-01-09", "2012-03-16", "2012-04-18"]
    assert isinstance(lists["date"].iloc[0], pd.Timestamp)
