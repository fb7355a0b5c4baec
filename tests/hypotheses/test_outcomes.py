"""Sets under outcomes that none has by itself: the same members at risk, other events."""

from __future__ import annotations

import re

import pytest

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.errors import CoverageError, DataError
from coalition_models.hypotheses.claims import read_plan, select
from coalition_models.hypotheses.data_sets import combinable, gather, speaks_to
from coalition_models.hypotheses.outcomes import Outcome, parse_outcome, recoded
from coalition_models.hypotheses.verdicts import test_hypotheses as run


def test_any_defection_is_the_first_of_each_spell():
    (data,) = gather("iraq: any defection", outcome="", cluster="")
    base = analysis_set("iraq", features=False)
    coded = base.defections("mcinnis-coded")
    spells = coded.drop_duplicates(["state", "spell"])
    lost = base.recode("mcinnis-coded")
    assert data.panel["event"].sum() == lost["event"].sum() <= len(spells)
    assert data.panel["event"].sum() > 21
    assert set(data.panel["cause"]) > {"full", "partial_cut", ""}
    assert not data.panel.duplicated(["state", "spell", "period"]).any()
    assert (data.record.event, data.name) == ("any defection", "iraq: any defection")
    assert "peak_troops" in data.panel


def test_an_exit_without_an_announcement_is_censored_not_dated_by_itself():
    (data,) = gather("iraq: announced exit", outcome="", cluster="")
    exits = cm.load("participation").query("coalition == 'iraq' and exit_kind == 'early'")
    known = exits["announced"].notna()
    assert data.panel["event"].sum() == known.sum() < len(exits)
    happened = data.panel[data.panel["event"] == 1].set_index("state")["period"].dt.to_period("M")
    said = exits[known].set_index("state")["announced"].dt.to_period("M")
    assert happened.sort_index().equals(said.sort_index().rename("period"))
    assert re.search(rf"dated so: {known.sum()} of {len(exits)}, the others", data.about)


def test_only_claims_on_that_outcome_are_tested():
    (data,) = gather("isaf: announced exit", outcome="", cluster="")
    assert [one.id for one in read_plan().claims if speaks_to(data.record, one)] == ["H67"]
    (data,) = gather("isaf: any defection", outcome="", cluster="")
    spoken = [one.id for one in read_plan().claims if speaks_to(data.record, one)]
    assert {"H01", "H16", "H53"} <= set(spoken)
    assert not {"H15", "H34", "H67"} & set(spoken)
    assert not combinable(data.name)
    assert not speaks_to(analysis_set("isaf", features=False).record, select("H67")[0])


def test_both_outcomes_side_by_side():
    found = run(["iraq: any defection", "iraq"], "H06", robust=False)
    rows = found.table.set_index("data_set")
    assert list(rows.index) == ["iraq", "iraq: any defection"]
    assert rows.loc["iraq", "events"] == 21
    assert rows.loc["iraq: any defection", "events"] > 21
    assert found.meta.empty
    assert found.data_sets["outcome"].tolist() == ["early exit", "any defection"]


def test_what_cannot_be_recoded_is_refused():
    with pytest.raises(DataError, match="the set 'leaders' is made of rows"):
        gather("leaders: any defection", outcome="", cluster="")
    with pytest.raises(DataError, match=r"no data set named iraq: any; .*any defection, announced"):
        gather("iraq: any", outcome="", cluster="")
    with pytest.raises(DataError, match="name the outcome with the set, such as 'iraq: any"):
        run("iraq", "H06", outcome="any defection")
    plain = analysis_set(cm.facts("iraq").replace(changes=None), features=False)
    with pytest.raises(CoverageError, match="would be its exits alone"):
        recoded(plain, read_plan().outcomes["any defection"])


def test_an_outcome_is_a_rule_or_a_date():
    assert parse_outcome("x", {"words": "w", "date": "last"}) == Outcome("x", "w", date="last")
    for wrong, said in (
        ({"words": "w", "rule": "mcinnis", "date": "last"}, "a rule or a date"),
        ({"rule": "mcinnis"}, "needs words"),
        ({"words": "w", "date": "tomorrow"}, "date must be one of main, announced, last"),
        ({"words": "w", "rule": "mcinis"}, "mcinnis"),
        ({"words": "w", "date": "last", "kind": "x"}, "unknown kind"),
    ):
        with pytest.raises(DataError, match=said):
            parse_outcome("x", wrong)
