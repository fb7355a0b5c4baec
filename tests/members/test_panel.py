"""build_panel: every panel rule on spells whose rows are written out by hand."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of


@pytest.fixture(scope="module")
def members():
    return cm.load("participation")


@pytest.fixture(scope="module")
def iraq(members):
    return cm.build_panel(members, coalitions=["iraq"])


def rows_of(panel, state, spell=1):
    return panel[(panel["state"] == state) & (panel["spell"] == spell)]


def months(rows):
    return rows["period"].dt.strftime("%Y-%m").tolist()


def small(**columns):
    """Spells of one invented coalition, one row per state."""
    n = max(len(v) for v in columns.values() if isinstance(v, list))
    base = {"coalition": "mali", "spell": 1, "exit_kind": "early"}
    frame = pd.DataFrame({**base, **columns}, index=range(n))
    return frame.assign(entry=pd.to_datetime(frame["entry"]), exit=pd.to_datetime(frame["exit"]))


MALI = pd.DataFrame(
    {
        "coalition": ["mali"],
        "start": pd.to_datetime(["2013-01-11"]),
        "mandate_end": pd.to_datetime(["2014-12-31"]),
        "lead_state": ["FRA"],
    }
)


def test_spain_is_at_risk_from_august_2003_to_april_2004(iraq):
    spain = rows_of(iraq, "ESP")
    expected = ["2003-08", "2003-09", "2003-10", "2003-11", "2003-12"]
    assert months(spain) == [*expected, "2004-01", "2004-02", "2004-03", "2004-04"]
    assert spain["start"].tolist() == list(range(9))
    assert spain["stop"].tolist() == list(range(1, 10))
    assert spain["event"].tolist() == [0] * 8 + [1]


def test_japan_july_2006_belongs_to_the_spell_that_ended(iraq):
    first, second = rows_of(iraq, "JPN", 1), rows_of(iraq, "JPN", 2)
    assert months(first)[-1] == "2006-07"
    assert first["event"].tolist() == [0] * 30 + [1]
    assert months(second)[0] == "2006-08"
    # time still counts from the entry in July: the first row is (1, 2]
    assert second[["start", "stop"]].iloc[0].tolist() == [1, 2]
    assert months(second)[-1] == "2008-12"
    assert second["event"].sum() == 0
    note = "at risk from the period after the previous spell ended: iraq JPN-2"
    assert note in record_of(iraq).panel["notes"]


def test_tonga_left_at_the_end_of_a_fixed_term(iraq):
    first, second = rows_of(iraq, "TON", 1), rows_of(iraq, "TON", 2)
    assert months(first) == [f"2004-{m:02d}" for m in range(7, 13)]
    assert first["event"].sum() == 0
    assert set(first["exit_kind"]) == {"scheduled"}
    assert (months(second)[0], months(second)[-1]) == ("2007-09", "2008-12")
    scheduled = cm.build_panel(
        cm.load("participation"), coalitions=["iraq"], exit_kinds=["early", "scheduled"]
    )
    assert rows_of(scheduled, "TON", 1)["event"].tolist() == [0] * 5 + [1]


def test_bulgaria_comes_back_with_a_new_clock(iraq, members):
    first, second = rows_of(iraq, "BGR", 1), rows_of(iraq, "BGR", 2)
    assert (months(first)[-1], first["event"].iloc[-1]) == ("2005-12", 1)
    assert (months(second)[0], second["start"].iloc[0]) == ("2006-03", 0)
    on_coalition = cm.build_panel(members, coalitions=["iraq"], clock="coalition")
    # March 2003 is month 0, so March 2006 is the interval (36, 37]
    assert rows_of(on_coalition, "BGR", 2)["start"].iloc[0] == 36
    assert rows_of(on_coalition, "BGR", 1)["start"].iloc[0] == 5


def test_australia_depends_on_which_exit_is_meant(iraq, members):
    def last_row(**choices):
        rows = rows_of(cm.build_panel(members, coalitions=["iraq"], **choices), "AUS")
        return months(rows)[-1], int(rows["event"].sum())

    assert (months(rows_of(iraq, "AUS"))[-1], rows_of(iraq, "AUS")["event"].sum()) == ("2008-06", 1)
    assert last_row(exit_date="announced") == ("2007-11", 1)
    # the last people left in July 2009, after the mandate: censored at its end
    assert last_row(exit_date="last") == ("2008-12", 0)


def test_announced_falls_back_to_the_main_date_and_says_so(members):
    panel = cm.build_panel(members, coalitions=["iraq"], exit_date="announced")
    armenia = rows_of(panel, "ARM")
    assert set(armenia["exit_dated_by"]) == {"main"}
    assert set(rows_of(panel, "PRT")["exit_dated_by"]) == {"announced"}
    assert set(rows_of(panel, "ESP")["exit_dated_by"]) == {"announced"}
    (note,) = (n for n in record_of(panel).panel["notes"] if "announced" in n)
    assert note.endswith(": iraq ARM-1")


def test_last_personnel_is_not_used_when_it_runs_into_the_next_spell(members):
    # Lithuania's first contingent left in August 2007, its last people in December 2008, after
    # the second spell had begun
    panel = cm.build_panel(members, coalitions=["iraq"], exit_date="last")
    assert months(rows_of(panel, "LTU", 1))[-1] == "2007-08"
    assert set(rows_of(panel, "LTU", 1)["exit_dated_by"]) == {"main"}


def test_iraq_counts(iraq):
    counts = cm.describe_panel(iraq).loc["iraq"]
    assert counts[["states", "spells", "events"]].tolist() == [39, 51, 21]


@pytest.mark.parametrize(("coalition", "events"), [("isaf", 8), ("rsm", 5), ("unosom2", 16)])
def test_counts_of_the_other_complete_coalitions(members, coalition, events):
    panel = cm.build_panel(members, coalitions=[coalition])
    assert cm.describe_panel(panel).loc[coalition, "events"] == events


def test_rows_and_exits_equal_a_count_made_from_the_csv_file(iraq, root):
    """Spells, rows and exits counted with nothing but the csv module."""
    with (root / "data" / "participation.csv").open(encoding="utf-8") as file:
        records = [r for r in csv.DictReader(file) if r["coalition"] == "iraq"]
    month = lambda text: int(text[:4]) * 12 + int(text[5:7])  # noqa: E731
    horizon = month("2008-12")
    spells = [r for r in records if r["exit_kind"] != "leader"]
    rows = 0
    taken: dict[str, set[int]] = {}
    for record in sorted(spells, key=lambda r: (r["state"], r["entry"])):
        last = min(month(record["exit"]), horizon)
        periods = set(range(month(record["entry"]), last + 1))
        rows += len(periods - taken.get(record["state"], set()))
        taken.setdefault(record["state"], set()).update(periods)
    early = sum(r["exit_kind"] == "early" and month(r["exit"]) <= horizon for r in spells)
    assert (len(spells), len({r["state"] for r in spells}), rows, early) == (
        iraq.groupby(["state", "spell"]).ngroups,
        iraq["state"].nunique(),
        len(iraq),
        int(iraq["event"].sum()),
    )


def test_the_lead_state_is_never_at_risk(members):
    panel = cm.build_panel(members, coalitions=["iraq", "isaf", "rsm"])
    assert "USA" not in set(panel["state"])
    reasons = {d["spell"]: d["reason"] for d in record_of(panel).panel["dropped"]}
    assert reasons["iraq USA-1"] == "lead state, never at risk"


def test_no_state_has_two_rows_in_one_period(members):
    for period in ("month", "quarter", "year"):
        panel = cm.build_panel(members, coalitions=["iraq", "isaf", "rsm"], period=period)
        assert not panel.duplicated(["coalition", "state", "period"]).any()
        assert ((panel["stop"] - panel["start"]) == 1).all()


def test_everyone_still_there_is_censored_at_the_mandate_end(members, iraq):
    assert iraq["period"].max() == pd.Timestamp("2008-12-01")
    assert rows_of(iraq, "GBR")["event"].sum() == 0
    earlier = cm.build_panel(members, coalitions=["iraq"], wind_up=3)
    assert earlier["period"].max() == pd.Timestamp("2008-09-01")
    # Poland and Armenia left in October 2008: with three months of wind-up they are censored
    assert rows_of(iraq, "POL")["event"].sum() == 1
    assert rows_of(earlier, "POL")["event"].sum() == 0


def test_until_and_truncate_before(members, iraq):
    cut = cm.build_panel(
        members, coalitions=["iraq"], until="2006-12-31", truncate_before="2004-01-01"
    )
    inside = iraq[iraq["period"].between("2004-01-01", "2006-12-01")]
    pd.testing.assert_frame_equal(
        cut.reset_index(drop=True), inside.reset_index(drop=True), check_like=False
    )
    dropped = {d["reason"] for d in record_of(cut).panel["dropped"]}
    assert "entered after observation ended" in dropped


def test_quarters_and_years_are_calendar_periods(members):
    quarter = rows_of(cm.build_panel(members, coalitions=["iraq"], period="quarter"), "ESP")
    assert quarter["period"].dt.strftime("%Y-%m").tolist() == [
        "2003-07",
        "2003-10",
        "2004-01",
        "2004-04",
    ]
    year = cm.build_panel(members, coalitions=["iraq"], period="year")
    assert rows_of(year, "ESP")["period"].dt.year.tolist() == [2003, 2004]
    assert rows_of(year, "ESP")["event"].tolist() == [0, 1]


def test_entry_and_exit_in_one_period_give_one_row():
    spells = small(
        state=["DEU", "BEL"],
        cow=[255, 211],
        entry=["2013-02-03", "2013-02-03"],
        exit=["2013-02-20", "2013-03-01"],
    )
    panel = cm.build_panel(spells, coalitions=MALI)
    assert panel.query("state == 'DEU'")[["start", "stop", "event"]].to_numpy().tolist() == [
        [0, 1, 1]
    ]
    assert len(panel.query("state == 'BEL'")) == 2


def test_an_event_that_a_longer_period_would_swallow_is_announced():
    spells = small(
        state=["DEU", "DEU"],
        cow=[255, 255],
        spell=[1, 2],
        entry=["2013-02-03", "2013-06-01"],
        exit=["2013-03-01", "2013-08-20"],
    )
    with pytest.warns(cm.CoalitionWarning, match="mali DEU-2"):
        panel = cm.build_panel(spells, coalitions=MALI, period="year")
    assert panel["event"].tolist() == [1]


def test_coalition_clock_clips_earlier_entries_and_says_so():
    spells = small(state=["DEU"], cow=[255], entry=["2012-11-03"], exit=["2013-03-01"])
    panel = cm.build_panel(spells, coalitions=MALI, clock="coalition")
    assert panel["start"].tolist() == [0, 1, 2]
    assert "entry clipped to the coalition's start: mali DEU-1" in record_of(panel).panel["notes"]


def test_spells_already_running_refuse_the_entry_clock():
    spells = small(state=["DEU"], cow=[255], entry=["2013-01-15"], exit=["2013-03-01"])
    spells = spells.assign(entry_known=False)
    with pytest.raises(cm.DataError, match=r"already running.*mali DEU-1.*clock='coalition'"):
        cm.build_panel(spells, coalitions=MALI)
    assert len(cm.build_panel(spells, coalitions=MALI, clock="coalition")) == 3


def test_documented_cases_are_refused_as_a_risk_set(members):
    with pytest.raises(cm.CoverageError, match="not a risk set: vietnam, kfor, libya"):
        cm.build_panel(members)
    named = cm.build_panel(members, coalitions=["vietnam"])
    assert cm.describe_panel(named).loc["vietnam", "events"] == 4


def test_an_open_mandate_needs_until(members):
    with pytest.raises(cm.DataError, match="mandate of kfor is open: give until="):
        cm.build_panel(members, coalitions=["kfor"])
    panel = cm.build_panel(members, coalitions=["kfor"], until="2020-12-31")
    assert panel["period"].max() == pd.Timestamp("2020-12-01")


def test_peak_at_least_drops_small_and_unknown_contingents(members):
    panel = cm.build_panel(members, coalitions=["iraq"], peak_at_least=100)
    reasons = {d["spell"]: d["reason"] for d in record_of(panel).panel["dropped"]}
    assert reasons["iraq TON-1"] == "peak strength under 100"
    spells = small(
        state=["DEU", "BEL"], cow=[255, 211], entry=["2013-02-03"] * 2, exit=["2013-03-01"] * 2
    ).assign(peak_troops=[None, 300.0])
    kept = cm.build_panel(spells, coalitions=MALI, peak_at_least=100)
    assert set(kept["state"]) == {"BEL"}
    assert record_of(kept).panel["dropped"] == [
        {"spell": "mali DEU-1", "reason": "peak strength not known"}
    ]


def test_every_wrong_spell_is_named_in_one_error():
    spells = small(
        state=["DEU", "DEU", "BEL", "FRA"],
        cow=[255, 255, 211, 999],
        spell=[1, 2, 1, 1],
        entry=["2013-02-01", "2013-03-01", "2013-09-01", "2013-02-01"],
        exit=["2013-06-01", "2013-08-01", "2013-04-01", "2013-03-01"],
    )
    with pytest.raises(cm.DataError) as caught:
        cm.build_panel(spells, coalitions=MALI)
    message = str(caught.value)
    assert "FRA with cow 999" in message
    assert "exit before entry: mali BEL-1 (2013-09-01 to 2013-04-01)" in message
    assert "overlapping spells: mali DEU-1 and mali DEU-2" in message


def test_repeated_keys_and_missing_exits_are_named():
    spells = small(
        state=["DEU", "DEU"], cow=[255, 255], entry=["2013-02-01"] * 2, exit=["2013-03-01"] * 2
    )
    with pytest.raises(cm.DataError, match=r"2 rows share a key .*mali DEU 1"):
        cm.build_panel(spells, coalitions=MALI)
    open_end = small(state=["DEU"], cow=[255], entry=["2013-02-01"], exit=[None])
    with pytest.raises(cm.DataError, match=r"no exit date .*mali DEU-1"):
        cm.build_panel(open_end, coalitions=MALI)


def test_missing_columns_wrong_types_and_options(members):
    with pytest.raises(cm.DataError, match="missing: exit_kind"):
        cm.build_panel(members.drop(columns="exit_kind"), coalitions=["iraq"])
    with pytest.raises(cm.DataError, match="column entry must hold date values such as"):
        cm.build_panel(members.assign(entry="March 2003"), coalitions=["iraq"])
    for wrong, text in [
        ({"period": "week"}, "month, quarter, year"),
        ({"clock": "calendar"}, "'entry' or 'coalition'"),
        ({"exit_date": "first"}, "main, announced, last"),
        ({"exit_kinds": ["ongoing"]}, "exit_kinds must be"),
        ({"wind_up": -1}, "wind_up"),
        ({"until": "soon"}, "until must be a date"),
        ({"coalitions": ["iraqq"]}, "unknown coalition: iraqq"),
    ]:
        with pytest.raises(cm.DataError, match=text):
            cm.build_panel(members, **{"coalitions": ["iraq"], **wrong})


def test_own_states_get_their_codes():
    spells = small(state=["DEU"], entry=["2013-02-01"], exit=["2013-03-01"])
    assert set(cm.build_panel(spells, coalitions=MALI)["cow"]) == {255}
    with pytest.raises(cm.DataError, match="XXQ"):
        cm.build_panel(spells.assign(state="XXQ"), coalitions=MALI)


def test_the_callers_frame_is_not_changed(members):
    before = members.copy(deep=True)
    cm.build_panel(members, coalitions=["iraq"])
    pd.testing.assert_frame_equal(members, before)


def test_attributes_are_plain_data(iraq, tmp_path):
    import json

    text = json.dumps(iraq.attrs)
    assert json.loads(text) == {"made": {}}
    assert json.loads(json.dumps(record_of(iraq).panel))["clock"] == "entry"


def test_a_bare_number_is_no_date(members):
    for name in ("until", "truncate_before"):
        with pytest.raises(cm.DataError, match=f"{name} must be a date"):
            cm.build_panel(members, coalitions=["iraq"], **{name: 2005})


def test_an_own_table_of_coalitions_is_checked():
    spells = small(state=["DEU"], cow=[255], entry=["2013-02-01"], exit=["2013-03-01"])
    for wrong, text in [
        (MALI.assign(lead_state="fra"), "column lead_state must match"),
        (MALI.assign(start="11.01.2013"), "column start must hold date values"),
        (MALI.assign(start=pd.NaT), "column start is empty in 1 row"),
        (pd.concat([MALI, MALI]), "2 rows share a key"),
    ]:
        with pytest.raises(cm.DataError, match=text):
            cm.build_panel(spells, coalitions=wrong)


def test_entry_known_must_be_true_or_false():
    spells = small(state=["DEU"], cow=[255], entry=["2013-02-01"], exit=["2013-03-01"])
    with pytest.raises(cm.DataError, match="entry_known must be True or False"):
        cm.build_panel(spells.assign(entry_known="False"), coalitions=MALI)


def test_categories_are_text_and_other_mistakes_are_named(members, iraq):
    as_categories = members.astype({"state": "category", "coalition": "category"})
    panel = cm.build_panel(as_categories, coalitions=["iraq"])
    pd.testing.assert_frame_equal(panel, iraq)
    twice = pd.concat([members, members["state"]], axis=1)
    with pytest.raises(cm.DataError, match="repeated columns: state"):
        cm.build_panel(twice, coalitions=["iraq"])
    with pytest.raises(cm.DataError, match="members has no rows"):
        cm.build_panel(members.head(0), coalitions=["iraq"])
    with pytest.raises(cm.DataError, match="must be a pandas DataFrame or a Facts, not list"):
        cm.build_panel([], coalitions=["iraq"])


def test_an_exit_before_the_coalition_began_is_told_as_that():
    spells = small(
        state=["DEU", "BEL"],
        cow=[255, 211],
        entry=["2012-01-15", "2013-02-01"],
        exit=["2012-06-30", "2013-09-30"],
    )
    with pytest.warns(cm.CoalitionWarning, match="ended before the coalition began: mali DEU-1"):
        panel = cm.build_panel(spells, coalitions=MALI, clock="coalition")
    assert record_of(panel).panel["dropped"] == [
        {"spell": "mali DEU-1", "reason": "ended before the coalition began"}
    ]


def test_every_row_tells_the_day_of_entry(iraq, members):
    facts = members.query("coalition == 'iraq'").set_index(["state", "spell"])["entry"]
    late = cm.build_panel(
        members, coalitions=["iraq"], truncate_before="2006-01-01", clock="coalition"
    )
    for panel in (iraq, late):
        keys = list(zip(panel["state"], panel["spell"], strict=True))
        assert (facts.loc[keys].to_numpy() == panel["entry"].to_numpy()).all()


def test_a_panel_read_back_from_a_file_is_not_counted_by_its_text(iraq):
    with pytest.raises(cm.DataError, match="cannot be counted: column period must hold date"):
        cm.describe_panel(iraq.assign(period=iraq["period"].dt.strftime("%d/%m/%Y")))
    with pytest.raises(cm.DataError, match="column event must hold number values"):
        cm.describe_panel(iraq.astype({"event": str}))
