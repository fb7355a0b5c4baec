"""Facts: read, checked and kept; what a plain table of members brings along."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.templates import TEMPLATES, write_templates

MEMBERS = pd.DataFrame(
    {
        "coalition": "mali",
        "state": ["France", "TCD", "Niger"],
        "entry": ["2013-01-11", "2013-01-16", "2013-02-01"],
        "exit": ["2014-07-31", "2013-05-15", "2014-07-31"],
        "exit_kind": ["leader", "early", "mission_end"],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["mali"],
        "start": ["2013-01-11"],
        "mandate_end": ["2014-07-31"],
        "lead_state": ["FRA"],
    }
)
DEATHS = pd.DataFrame(
    {"coalition": ["mali"], "state": ["Chad"], "date": ["2013-02-22"], "deaths": [26]}
)


@pytest.fixture
def mine():
    return cm.Facts(
        members=MEMBERS,
        coalitions=COALITIONS,
        deaths=DEATHS,
        coverage={"mali": ("2013-01", "2014-07")},
    )


def moved(months: int = 3) -> pd.DataFrame:
    """Iraq's spells with every early exit some months later."""
    table = cm.load("participation").query("coalition == 'iraq'").copy()
    early = (table["exit_kind"] == "early") & (table["state"] != "JPN")
    table.loc[early, "exit"] = table.loc[early, "exit"] + pd.DateOffset(months=months)
    return table


def test_names_codes_and_dates_as_text(mine):
    assert mine.members["state"].tolist() == ["FRA", "TCD", "NER"]
    assert mine.members["cow"].tolist() == [220, 483, 436]
    assert mine.members["spell"].tolist() == [1, 1, 1]
    assert mine.members["name"].tolist() == ["France", "TCD", "Niger"]
    assert mine.members["entry"].dtype == "datetime64[ns]"
    panel = cm.build_panel(mine)
    assert panel["event"].sum() == 1
    assert set(panel["state"]) == {"TCD", "NER"}


@pytest.mark.parametrize("kind", ["object", "string", "category", "arrow", "datetime"])
def test_dates_of_every_kind_are_the_same_days(mine, kind):
    pytest.importorskip("pyarrow") if kind == "arrow" else None
    kinds = {"arrow": "string[pyarrow]", "datetime": "datetime64[s]"}
    table = MEMBERS.astype({"entry": kinds.get(kind, kind), "exit": kinds.get(kind, kind)})
    again = cm.Facts(members=table, coalitions=COALITIONS)
    pd.testing.assert_frame_equal(again.members, mine.members)


def test_every_problem_of_every_table_in_one_message():
    with pytest.raises(cm.DataError) as caught:
        cm.Facts(
            members=MEMBERS.assign(exit=["2012-01-01", "2013-05-15", "2014-07-31"]),
            coalitions=COALITIONS.assign(mandate_end="2012-01-01", lead_state="ZZZ"),
            troops=pd.DataFrame({"coalition": ["mali"]}),
            deaths=DEATHS.assign(deaths=-1),
            coverage={"mali": "always"},
        )
    text = str(caught.value)
    for part in (
        "exit before entry: mali FRA-1",
        "start after mandate_end: mali",
        "column lead_state must match an ISO3 code: ZZZ of mali",
        "table of troops lacks the columns",
        "missing or negative values of deaths in rows 0",
        "mali has 'always'",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"entry": ["2013-01-11", "16/01/2013", "2013-02-01"]}, r"16/01/2013"),
        ({"entry": ["2013-01-11", "01-16-2013", "2013-02-01"]}, r"01-16-2013"),
        ({"entry": ["2013-01-11", "soon", "2013-02-01"]}, r"soon"),
        ({"state": ["France", "Wakanda", "Niger"]}, "Wakanda"),
        ({"exit_kind": ["leader", "left", "mission_end"]}, "left"),
        (
            {"exit": ["2014-07-31", None, "2014-07-31"]},
            "no exit date although the spell is not coded ongoing: mali TCD-1",
        ),
    ],
)
def test_a_bad_cell_is_named_with_its_row(change, text):
    with pytest.raises(cm.DataError, match=text):
        cm.Facts(members=MEMBERS.assign(**change), coalitions=COALITIONS)


def test_they_are_a_snapshot(mine):
    table = MEMBERS.copy()
    made = cm.Facts(members=table, coalitions=COALITIONS)
    table.loc[:, "exit_kind"] = "early"
    assert made.members["exit_kind"].tolist() == ["leader", "early", "mission_end"]
    with pytest.raises(AttributeError):
        mine.members = table


def test_equal_by_content_and_across_processes(mine):
    again = pickle.loads(pickle.dumps(mine))
    assert again == mine
    assert hash(again) == hash(mine)
    assert copy.deepcopy(mine) is mine
    assert mine.replace(troops=None) == mine
    other = mine.replace(deaths=DEATHS.assign(deaths=27))
    assert other != mine


def test_a_panel_keeps_them_and_builders_read_them(mine):
    panel = cm.build_panel(mine)
    assert cm.facts_of(panel) is mine
    out = cm.add_casualties(panel)
    assert out.loc[out["state"] == "TCD", "relative_fatalities"].max() > 1
    chad = out[out["state"] == "TCD"].set_index("period")["deaths_12m"]
    assert chad.loc["2013-03-01"] == 26
    with pytest.raises(cm.DataError, match=r"add_commitment needs troops.*Facts"):
        cm.add_commitment(panel)


def test_changed_spells_bring_only_themselves():
    """A table that is not the bundled one by value: partners' exits are its own."""
    table = moved()
    panel = cm.build_panel(table)
    with pytest.warns(cm.CoalitionWarning, match="missing in every row"):
        out = cm.add_contagion(panel)
    with pytest.warns(cm.CoalitionWarning, match="missing in every row"):
        right = cm.add_contagion(panel, facts=cm.Facts(members=table))
    pd.testing.assert_series_equal(out["earlier_defectors"], right["earlier_defectors"])
    bundled = cm.add_contagion(panel, facts=cm.facts("iraq"))
    assert (bundled["earlier_defectors"] != out["earlier_defectors"]).sum() > 500
    for add in (cm.add_casualties, cm.add_commitment, cm.add_risk):
        with pytest.raises(cm.DataError, match="the facts of this panel hold none"):
            add(panel)


@pytest.mark.parametrize(
    "choose",
    [
        lambda t: t.query("coalition == 'iraq'"),
        lambda t: t[t["coalition"].eq("iraq") & t["state"].isin(["POL", "ESP"])],
        lambda t: t.query("coalition == 'iraq'").sample(frac=1, random_state=1),
        lambda t: t.query("coalition == 'iraq'").astype({"state": "category", "cow": "int16"}),
        lambda t: t.query("coalition == 'iraq'")[
            ["coalition", "state", "cow", "spell", "entry", "exit", "exit_kind"]
        ],
    ],
)
def test_bundled_rows_bring_the_bundled_facts(choose):
    panel = cm.build_panel(choose(cm.load("participation")))
    assert cm.facts_of(panel) == cm.facts("iraq")


def test_a_table_of_five_states_named_iraq_is_no_coalition_of_forty():
    five = MEMBERS.assign(coalition="iraq", entry="2004-01-01", exit="2005-06-01")
    five = five.assign(exit_kind=["leader", "early", "early"])
    table = COALITIONS.assign(coalition="iraq", start="2003-03-20", mandate_end="2008-12-31")
    with pytest.warns(cm.CoalitionWarning):
        out = cm.add_contagion(cm.build_panel(cm.Facts(members=five, coalitions=table)))
    assert out["earlier_defectors"].max() <= 1


def test_two_coalitions_in_one(mine):
    iraq = cm.facts("iraq")
    both = cm.Facts(
        members=pd.concat([iraq.members, mine.members]),
        coalitions=pd.concat([iraq.coalitions, mine.coalitions]),
    )
    with pytest.warns(cm.CoalitionWarning):
        out = cm.add_contagion(cm.build_panel(both))
    alone = cm.add_contagion(cm.build_panel(iraq))
    part = out[out["coalition"] == "iraq"]["earlier_defectors"].to_numpy()
    np.testing.assert_array_equal(part, alone["earlier_defectors"].to_numpy())


def test_after_a_plain_merge_a_builder_refuses_and_names_the_cure():
    panel = cm.build_panel(cm.facts("iraq"))
    joined = panel.merge(pd.DataFrame({"state": ["POL"], "x": [1.0]}), on="state", how="left")
    for add in (cm.add_contagion, cm.add_elections, cm.add_capability, cm.add_leadership):
        with pytest.raises(cm.DataError, match=r"cm\.merge.*facts="):
            add(joined)
    kept = cm.merge(panel, pd.DataFrame({"state": ["POL"], "x": [1.0]}), on="state")
    whole = cm.add_contagion(panel)
    pd.testing.assert_frame_equal(cm.add_contagion(kept)[whole.columns], whole)
    given = cm.add_contagion(joined, facts=cm.facts("iraq"))
    pd.testing.assert_frame_equal(given[whole.columns], whole)


@pytest.mark.filterwarnings("ignore:add_commitment")  # soldiers need a source
def test_old_names_warn_and_do_the_same():
    panel = cm.build_panel(cm.facts("iraq"))
    strengths = cm.load("troops").query("confidence == 'high'")
    with pytest.warns(cm.CoalitionWarning) as told:
        old = cm.add_commitment(panel, data=strengths, external="if_at_hand")
    assert any("data= of add_commitment() go" in str(one.message) for one in told)
    new = cm.facts("iraq").replace(troops=strengths)
    pd.testing.assert_frame_equal(old, cm.add_commitment(panel, facts=new))
    with pytest.raises(cm.DataError, match="not both"):
        cm.add_commitment(panel, data=strengths, facts=new)


def test_templates_are_facts_themselves(tmp_path):
    paths = write_templates(tmp_path)
    assert {path.stem for path in paths} == set(TEMPLATES)
    assert cm.Facts.read(tmp_path) == cm.Facts()
    made = cm.Facts.read(tmp_path / "example")
    assert made.members["state"].tolist() == ["TCD"]
    assert cm.build_panel(made)["event"].sum() == 1
    with pytest.raises(cm.DataError, match="already"):
        write_templates(tmp_path)


def test_files_with_too_many_cells_or_no_table_are_refused(tmp_path):
    with pytest.raises(cm.DataError, match="holds none of"):
        cm.Facts.read(tmp_path)
    (tmp_path / "troops.csv").write_text("coalition,state,date,troops\nmali,TCD,2013-02-01,5,6\n")
    with pytest.raises(cm.DataError, match="more cells than its first line has names"):
        cm.Facts.read(tmp_path)


def test_unknown_names_are_refused(mine):
    with pytest.raises(cm.DataError, match=r"no bundled coalition named 'mali'.*Facts"):
        cm.facts("mali")
    with pytest.raises(cm.DataError, match="not losses"):
        mine.replace(losses=DEATHS)
    with pytest.raises(cm.DataError, match="names"):
        cm.facts(["iraq"])


@pytest.mark.parametrize("lead", ["UKG", "GBR", "United Kingdom", "Great Britain"])
def test_the_lead_state_under_any_of_its_names_is_never_at_risk(lead):
    members = pd.DataFrame(
        {
            "coalition": "mali",
            "state": ["GBR", "BEL"],
            "entry": ["2013-02-01"] * 2,
            "exit": ["2013-11-20"] * 2,
            "exit_kind": "early",
        }
    )
    made = cm.Facts(members=members, coalitions=COALITIONS.assign(lead_state=lead))
    assert set(cm.build_panel(made)["state"]) == {"BEL"}


def test_a_merge_takes_names_of_states_and_says_where_nothing_matches(iraq):
    named = pd.DataFrame({"state": ["Spain", "ITA", "France"], "against": [0.91, 0.7, 0.8]})
    coded = named.assign(state=["ESP", "ITA", "FRA"])
    one, two = (cm.merge(iraq, table, on="state") for table in (named, coded))
    pd.testing.assert_frame_equal(one, two)
    assert one.loc[one["against"].notna(), "state"].unique().tolist() == ["ESP", "ITA"]
    with pytest.raises(cm.DataError, match="repeat a key: ESP"):
        cm.merge(iraq, named.assign(state=["Spain", "ESP", "FRA"]), on="state")
    for states in (["Spane", "FRA", "DEU"], [1, 2, 3]):
        with pytest.warns(cm.CoalitionWarning, match="no row of the panel has a match by state"):
            none = cm.merge(iraq, named.assign(state=pd.Series(states, dtype=object)), on="state")
        assert none["against"].isna().all()
    with pytest.warns(cm.CoalitionWarning, match="the table no row"):
        cm.merge(iraq, named.head(0), on="state")
