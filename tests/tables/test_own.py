"""Tables of one's own: what cannot be read is refused by name, what can is read alike."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import keep_record
from coalition_models.tables.own import plain
from coalition_models.timelines.given import facts_beside

MEMBERS = cm.load("participation")
IRAQ = MEMBERS[MEMBERS["coalition"] == "iraq"].reset_index(drop=True)
VOTES = pd.DataFrame(
    {
        "cow": [230, 230, 230],
        "date": pd.to_datetime(["2000-03-12", "2004-03-14", "2008-03-09"]),
        "kind": "legislative",
        "round": [1.0, 1.0, np.nan],
        "scheduled": ["yes", "yes", None],
    }
)
LEADERS = pd.DataFrame(
    {
        "cow": [230, 230],
        "leader": ["A", "B"],
        "start": pd.to_datetime(["1996-05-05", "2003-11-17"]),
        "end": pd.to_datetime(["2003-11-17", None]),
        "entry": ["regular", "irregular"],
        "source_change": ["no", "yes"],
    }
)
TROOPS = pd.DataFrame(
    {
        "coalition": "iraq",
        "state": ["POL", "POL", "ESP"],
        "cow": [290, 290, 230],
        "date": pd.to_datetime(["2003-10-31", "2004-03-31", "2003-10-31"]),
        "troops": [2500, 2400, 1300],
        "status": "in_theatre",
    }
)
CHANGES = pd.DataFrame(
    {
        "coalition": "iraq",
        "cow": [290, 230],
        "date": pd.to_datetime(["2003-12-10", "2004-01-10"]),
        "change": ["extension", "reinforcement"],
    }
)
LOSSES = pd.DataFrame(
    {
        "coalition": "iraq",
        "cow": [230, 325],
        "date": pd.to_datetime(["2003-11-29", "2003-11-12"]),
        "deaths": [7, 17],
    }
)
COVERAGE = {"iraq": ("2003-01", "2009-12")}
STATES = pd.DataFrame(
    {
        "cow": [230, 230, 2],
        "year": [2002, 2003, 2003],
        "ideal_point": [1.0, 1.2, 3.0],
        "capability_index": [0.02, 0.02, 0.15],
        "gdp_per_capita": [20.0, 21.0, 40.0],
        "polity2": [10.0, 10.0, 10.0],
        "population": [4.1e7, 4.2e7, 2.9e8],
        "soldiers": [150.0, 150.0, 1400.0],
    }
)
POLLS = pd.DataFrame(
    {
        "coalition": "iraq",
        "cow": [230, 325],
        "date": pd.to_datetime(["2003-11-05", "2003-12-05"]),
        "support": [20.0, 40.0],
    }
)
RULES = pd.DataFrame(
    {
        "cow": [230, 325],
        "start": pd.to_datetime(["1978-12-29", "1990-01-01"]),
        "end": pd.to_datetime(["2004-01-31", None]),
        "war_powers": [1, 2],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["iraq", "isaf"],
        "start": pd.to_datetime(["2003-03-20", "2001-12-20"]),
        "lead_state": "USA",
        "framework": ["ad_hoc", "nato"],
    }
)
THEATRE = pd.DataFrame({"coalition": "iraq", "year": [2003, 2004], "intensity": [2.0, 1.0]})
ROLES = IRAQ[["coalition", "state", "spell", "role"]]

#: builder and table of one's own -> the builder fed with that table, and the table
CASES = {
    "elections": (lambda p, t: cm.add_elections(p, facts=facts_beside(p, elections=t)), VOTES),
    "elections strict": (
        lambda p, t: cm.add_elections(p, strict=True, facts=facts_beside(p, elections=t)),
        VOTES,
    ),
    "leadership": (lambda p, t: cm.add_leadership(p, facts=facts_beside(p, leaders=t)), LEADERS),
    "casualties": (
        lambda p, t: cm.add_casualties(p, facts=facts_beside(p, deaths=t, coverage=COVERAGE)),
        LOSSES,
    ),
    "casualties states": (
        lambda p, t: cm.add_casualties(p, facts=facts_beside(p, states=t)),
        STATES,
    ),
    "casualties members": (
        lambda p, t: cm.add_casualties(p, per="troops", facts=facts_beside(p, members=t)),
        IRAQ,
    ),
    "risk roles": (lambda p, t: cm.add_risk(p, data=t), ROLES),
    "risk losses": (
        lambda p, t: cm.add_risk(p, facts=facts_beside(p, deaths=t, coverage=COVERAGE)),
        LOSSES,
    ),
    "risk members": (lambda p, t: cm.add_risk(p, facts=facts_beside(p, members=t)), IRAQ),
    "risk theatre": (lambda p, t: cm.add_risk(p, theatre=t), THEATRE),
    "commitment troops": (
        lambda p, t: cm.add_commitment(p, facts=facts_beside(p, troops=t)),
        TROOPS,
    ),
    "commitment members": (
        lambda p, t: cm.add_commitment(p, facts=facts_beside(p, members=t)),
        IRAQ,
    ),
    "commitment changes": (
        lambda p, t: cm.add_commitment(p, facts=facts_beside(p, changes=t)),
        CHANGES,
    ),
    "commitment states": (
        lambda p, t: cm.add_commitment(p, facts=facts_beside(p, states=t)),
        STATES,
    ),
    "contagion": (
        lambda p, t: cm.add_contagion(p, exit_date="announced", facts=facts_beside(p, members=t)),
        IRAQ,
    ),
    "contagion troops": (lambda p, t: cm.add_contagion(p, facts=facts_beside(p, troops=t)), TROOPS),
    "alliance": (lambda p, t: cm.add_alliance(p, facts=facts_beside(p, coalitions=t)), COALITIONS),
    "capability": (lambda p, t: cm.add_capability(p, facts=facts_beside(p, states=t)), STATES),
    "preferences": (lambda p, t: cm.add_preferences(p, facts=facts_beside(p, states=t)), STATES),
    "preferences members": (
        lambda p, t: cm.add_preferences(p, facts=facts_beside(p, members=t)),
        IRAQ,
    ),
    "regime": (
        lambda p, t: cm.add_regime(p, measures="polity", facts=facts_beside(p, states=t)),
        STATES,
    ),
    "war_powers": (lambda p, t: cm.add_war_powers(p, t), RULES),
    "opinion": (lambda p, t: cm.add_opinion(p, t), POLLS),
}
EVERY = pytest.mark.parametrize("case", CASES)


def _refused(case, table):
    with pytest.raises(cm.DataError) as caught:
        CASES[case][0](PANEL, table)
    return str(caught.value)


PANEL = cm.build_panel(MEMBERS, coalitions=["iraq"])
#: fewer rows where many builders run
SHORT = PANEL[PANEL["state"].isin(["ESP", "POL", "ITA"])].reset_index(drop=True)
keep_record(SHORT, PANEL)


# words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "column", "wrong", "allowed"),
    [
        ("elections", "kind", "Legislative", "must be one of legislative, presidential"),
        ("elections strict", "scheduled", "Yes", "must be one of yes, no"),
        ("elections", "round", 3, "must be one of 1, 2"),
        ("leadership", "entry", "Irregular", "must be one of regular, irregular"),
        ("leadership", "source_change", "Yes", "must be one of yes, no"),
        ("contagion", "exit_kind", "Early", "must be one of early, scheduled"),
        ("contagion", "exit_precision", "Year", "must be one of day, month, year"),
        ("risk roles", "role", "Combat", "must be one of combat, engineering"),
        ("commitment troops", "status", "In theatre", "must be one of in_theatre, withdrawn"),
        ("commitment changes", "change", "Extension", "must be one of full_withdrawal"),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(case, column, wrong, allowed):
    table = CASES[case][1]
    spoilt = table.assign(**{column: table[column].where(table.index != 1, wrong)})
    message = _refused(case, spoilt)
    assert f"column {column} {allowed}" in message
    assert f"found {wrong}" in message


def test_rounds_as_text_are_refused():
    assert "column round must hold number values, found object such as '1'" in _refused(
        "elections", VOTES.assign(round=["1", "1", "2"])
    )


def test_rounds_among_objects_are_read():
    mixed = VOTES.assign(round=pd.Series([1, 2, None], dtype=object))
    numbers = VOTES.assign(round=[1, 2, np.nan])
    pd.testing.assert_frame_equal(
        cm.add_elections(SHORT, facts=facts_beside(SHORT, elections=mixed)),
        cm.add_elections(SHORT, facts=facts_beside(SHORT, elections=numbers)),
    )


@pytest.mark.parametrize(
    ("case", "column"), [("elections strict", "scheduled"), ("leadership", "source_change")]
)
@pytest.mark.parametrize("dtype", [object, "boolean"])
def test_true_and_false_are_yes_and_no(case, column, dtype):
    build, table = CASES[case]
    flags = table[column].map({"yes": True, "no": False}).astype(object)
    flags = flags.where(flags.notna(), None).astype(dtype)
    out = build(SHORT, table.assign(**{column: flags}))
    pd.testing.assert_frame_equal(out, build(SHORT, table))
    # and the words matter
    assert not out.equals(build(SHORT, table.drop(columns=column)))


def test_a_framework_in_capitals_is_the_same_framework():
    isaf = cm.build_panel(MEMBERS, coalitions=["isaf"])
    loud = COALITIONS.assign(framework=COALITIONS["framework"].str.upper())
    assert (
        cm.add_alliance(isaf, facts=facts_beside(isaf, coalitions=loud))["nato_framework"] == 1
    ).all()
    assert (
        cm.add_alliance(SHORT, facts=facts_beside(SHORT, coalitions=loud))["nato_framework"] == 0
    ).all()


# keys and order ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    ["contagion", "commitment members", "preferences members", "risk members", "elections",
     "risk roles", "alliance", "capability", "risk theatre"],
)  # fmt: skip
def test_rows_that_stand_twice_are_refused(case):
    table = CASES[case][1]
    message = _refused(case, pd.concat([table, table], ignore_index=True))
    assert re.search("share a key|one row per|two rows for one", message)


def test_spells_that_end_before_they_begin_or_not_at_all():
    spain = IRAQ["state"] == "ESP"
    reverse = IRAQ.assign(exit=IRAQ["exit"].where(~spain, pd.Timestamp("2003-01-31")))
    for case in ("contagion", "preferences members", "commitment members"):
        assert "exit before entry: iraq ESP-1" in _refused(case, reverse)
    open_end = IRAQ.assign(exit=IRAQ["exit"].where(~spain))
    assert "no exit date although the spell is not coded ongoing: iraq ESP-1" in _refused(
        "contagion", open_end
    )
    undated = IRAQ.assign(entry=IRAQ["entry"].where(~spain))
    assert "column entry is empty in 1 row: iraq 230 1" in _refused("contagion", undated)


def test_spells_of_one_state_do_not_overlap():
    again = IRAQ[IRAQ["state"] == "ESP"].assign(spell=2)
    double = pd.concat([IRAQ, again], ignore_index=True)
    for case in ("contagion", "preferences members", "commitment members"):
        message = _refused(case, double)
        assert "overlapping spells: iraq ESP-1 and iraq ESP-2" in message


@pytest.mark.parametrize(
    ("column", "exit_date", "day", "counts"),
    [
        ("announced", "announced", "2004-06-01", False),
        ("announced", "announced", "2003-01-01", False),
        ("announced", "announced", "2004-01-15", True),
        ("last_personnel", "last", "2004-02-01", False),
        ("last_personnel", "last", "2004-06-01", True),
    ],
)
def test_a_date_out_of_order_gives_way_to_the_main_one(column, exit_date, day, counts):
    spain = IRAQ["state"] == "ESP"
    unknown = IRAQ.assign(**{column: IRAQ[column].where(~spain)})
    odd = IRAQ.assign(**{column: IRAQ[column].where(~spain, pd.Timestamp(day))})
    one, other = (
        cm.add_contagion(PANEL, exit_date=exit_date, facts=facts_beside(PANEL, members=t))
        for t in (unknown, odd)
    )
    assert one.equals(other) is not counts


def test_terms_that_overlap_are_refused():
    for end in ("2003-12-01", "2010-01-01", None):
        bad = LEADERS.assign(end=pd.to_datetime([end, None]))
        assert "before an earlier one ends: 230 B (2003-11-17)" in _refused("leadership", bad)
    # ends are often known by the month only
    month = LEADERS.assign(end=pd.to_datetime(["2003-11-30", None]))
    pd.testing.assert_frame_equal(
        cm.add_leadership(SHORT, facts=facts_beside(SHORT, leaders=month)),
        cm.add_leadership(SHORT, facts=facts_beside(SHORT, leaders=LEADERS)),
    )


def test_one_office_after_the_other_is_no_list_of_leaders():
    both = cm.load("leaders")
    assert "leaders of 2 offices" in _refused("leadership", both)
    one = both[both["office"] == "effective"]
    own = cm.add_leadership(PANEL, rotation="count", facts=facts_beside(PANEL, leaders=one))
    bundled = cm.add_leadership(PANEL, rotation="count")
    shared = [c for c in bundled.columns if c in own.columns]
    pd.testing.assert_frame_equal(own[shared], bundled[shared])


# numbers ----------------------------------------------------------------------------------


def _key_columns():
    """Tables of which every row is somebody's or some year's, and the columns that say so."""
    for case, (_, table) in CASES.items():
        names = {"cow", "year"} & set(table.columns)
        names |= {"spell"} if table is ROLES or table is IRAQ else set()
        for name in sorted(names):
            yield pytest.param(case, name, id=f"{case}-{name}")


@pytest.mark.parametrize(("case", "name"), list(_key_columns()))
def test_keys_without_a_whole_number_are_refused_by_row(case, name):
    table = CASES[case][1]
    gap = table.assign(**{name: table[name].where(table.index != 1)})
    assert f"column {name} is empty in 1 row" in _refused(case, gap)
    part = table.assign(**{name: table[name] + np.where(table.index == 1, 0.7, 0.0)})
    wrong = f"{part[name].iloc[1]:g}"
    message = _refused(case, part)
    assert f"column {name} must hold whole numbers, not so in 1 row: 1 ({wrong})" in message


def test_years_that_would_be_taken_for_another_state():
    later = STATES.assign(year=[12_003, 2003, 2003])
    assert "column year must be at most 9999, found 12003" in _refused("preferences", later)


@pytest.mark.parametrize(
    ("case", "column"),
    [("commitment troops", "troops"), ("casualties", "deaths"), ("preferences", "ideal_point")],
)
def test_endless_numbers_are_refused(case, column):
    table = CASES[case][1]
    endless = table.assign(**{column: table[column].astype(float).where(table.index != 1, np.inf)})
    assert f"column {column} must hold finite numbers, not so in rows 1" in _refused(case, endless)


@pytest.mark.parametrize("case", ["risk roles", "commitment troops", "leadership", "regime"])
@pytest.mark.parametrize(("value", "text"), [(np.nan, "is empty in 1 row"), (1.5, "5 (1.5)")])
def test_a_panel_s_spells_are_whole_numbers(case, value, text):
    odd = PANEL.assign(spell=PANEL["spell"].astype(float).where(PANEL.index != 5, value))
    keep_record(odd, PANEL)
    with pytest.raises(cm.DataError, match="the panel: column spell") as caught:
        CASES[case][0](odd, CASES[case][1])
    assert text in str(caught.value)


# coverage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "window",
    [("2003-01", "x"), ("2003-01",), "2003", (2003, 2009), ("2009-12", "2003-01"), (None, "2003")],
)
@pytest.mark.parametrize(("builder", "name"), [("add_casualties", "data"), ("add_risk", "losses")])
def test_a_malformed_coverage_is_refused(builder, name, window):
    with pytest.raises(cm.DataError, match=r"coverage.*iraq"):
        getattr(cm, builder)(PANEL, **{name: LOSSES}, coverage={"iraq": window})


@pytest.mark.parametrize("builder", ["add_casualties", "add_risk"])
def test_coverage_belongs_to_deaths_of_one_s_own(builder):
    with pytest.raises(cm.DataError, match="coverage= says where deaths of your own"):
        getattr(cm, builder)(PANEL, coverage=COVERAGE)


def test_coverage_by_month_or_day():
    days = {"iraq": [pd.Timestamp("2003-01-01"), pd.Timestamp("2009-12-31")]}
    pd.testing.assert_frame_equal(
        cm.add_casualties(SHORT, facts=facts_beside(SHORT, deaths=LOSSES, coverage=days)),
        cm.add_casualties(SHORT, facts=facts_beside(SHORT, deaths=LOSSES, coverage=COVERAGE)),
    )


# types ------------------------------------------------------------------------------------


def _categories(table):
    names = [c for c in ("coalition", "state", "exit_kind", "kind", "role", "cow") if c in table]
    out = table.copy()
    for name in names:
        levels = sorted(set(table[name]))
        unused = [9999] if name == "cow" else ["nobody"]
        out[name] = pd.Categorical(table[name], categories=[*unused, *levels])
    return out


@cache
def _usual(case):
    build, table = CASES[case]
    return build(SHORT, table)


TYPES = {
    "categories": _categories,
    "nullable": lambda table: table.convert_dtypes(),
    "named index": lambda table: table.set_index(table.columns[0], drop=False),
    "two named levels": lambda table: table.set_index(list(table.columns[:2]), drop=False),
    "repeated labels": lambda table: table.set_axis([0] * len(table)),
    "seconds": lambda table: table.astype(
        dict.fromkeys(table.select_dtypes("datetime").columns, "datetime64[s]")
    ),
}
if find_spec("pyarrow"):  # no dependency of ours
    TYPES["arrow"] = lambda table: table.convert_dtypes(dtype_backend="pyarrow")


@EVERY
@pytest.mark.parametrize("kind", TYPES)
def test_the_type_of_a_table_s_columns_changes_nothing(case, kind):
    build, table = CASES[case]
    other = TYPES[kind](table)
    before = other.copy(deep=True)
    pd.testing.assert_frame_equal(build(SHORT, other), _usual(case))
    pd.testing.assert_frame_equal(other, before)


@EVERY
@pytest.mark.parametrize("kind", TYPES)
def test_nor_does_the_type_of_the_panel_s(case, kind):
    build, table = CASES[case]
    panel = TYPES[kind](SHORT)
    keep_record(panel, SHORT)
    usual = _usual(case)
    made = [c for c in usual.columns if c not in SHORT.columns]
    out = build(panel, table)
    assert out.index.equals(panel.index)
    pd.testing.assert_frame_equal(out[made].reset_index(drop=True), usual[made])


@EVERY
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_zoned_and_repeated_columns_are_refused_by_name(case, zone):
    table = CASES[case][1]
    for name in {"date", "start", "end", "entry", "exit"} & set(
        table.select_dtypes("datetime").columns
    ):
        zoned = table.assign(**{name: table[name].dt.tz_localize(zone)})
        message = _refused(case, zoned)
        assert f"column {name} must hold dates without a time zone, found datetime64" in message
    name = table.columns[0]
    twice = pd.concat([table, table[[name]]], axis=1)
    assert f"has repeated columns: {name}; keep one of each" in _refused(case, twice)


def test_a_column_of_dates_may_be_all_missing():
    ends = RULES.assign(end=pd.Series([None, None], dtype=object))
    known = RULES.assign(end=pd.Series([pd.NaT, pd.NaT]))
    pd.testing.assert_frame_equal(cm.add_war_powers(SHORT, ends), cm.add_war_powers(SHORT, known))


def test_plain_columns():
    table = pd.DataFrame(
        {
            "whole": pd.array([1, 2], dtype="Int64"),
            "gap": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "name": pd.array(["a", None], dtype="string"),
            "zone": pd.to_datetime(["2004-01-01", "2004-01-02"]).tz_localize("UTC"),
        }
    )
    out = plain(table)
    kinds = {"whole": "int64", "gap": "float64", "flag": "object", "name": "object"}
    assert out[list(kinds)].dtypes.astype(str).to_dict() == kinds
    assert out["zone"].dtype == table["zone"].dtype
    assert out["name"].tolist() == ["a", None]
    assert out["flag"].tolist() == [True, None]
    assert table["whole"].dtype == "Int64"
