"""The sets of the second revision of the facts."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.outcomes import announced_shares
from coalition_models.designs.sets import set_record
from coalition_models.errors import DataError
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.inference.caution import estimate_term
from coalition_models.models.running import run as fit
from coalition_models.models.specification import Specification


def plain(name, **choices):
    return analysis_set(name, features=False, **choices)


@pytest.mark.parametrize(
    ("name", "variant", "states", "events"),
    [
        ("iraq", "main", 39, 21),
        ("iraq", "revision1", 39, 21),
        ("isaf", "main", 50, 6),
        ("isaf", "with_oef", 50, 8),
        ("isaf", "revision1", 50, 8),
        ("rsm", "main", 39, 5),
        ("rsm", "revision1", 39, 4),
        ("unosom2", "main", 28, 16),
        ("unosom2", "us_leads", 27, 15),
        ("minusma", "main", 32, 6),
        ("contemporary", "main", 71, 48),
        ("contemporary", "with_oef", 71, 50),
    ],
)
def test_states_and_events(name, variant, states, events):
    panel = plain(name, variant=variant).panel
    assert (panel["state"].nunique(), panel["event"].sum()) == (states, events)


@pytest.mark.parametrize(("name", "events"), [("forms", 25), ("leaders", 21)])
def test_sets_of_rows_have_the_first_revision_too(name, events):
    found = analysis_set(name, variant="revision1")
    assert found.panel["event"].sum() == events


def test_the_united_states_in_somalia_are_at_risk_or_the_leader():
    found, led = plain("unosom2"), plain("unosom2", variant="us_leads")
    mine = found.panel.query("state == 'USA'")
    assert mine["event"].sum() == 1
    assert "USA" not in set(led.panel["state"])
    assert len(led.panel) == len(found.panel) - len(mine)
    said = led.sheet.set_index("item")["value"]
    assert said["left out: lead state, never at risk"] == "1"


def test_mali_is_censored_before_its_ordered_end():
    found = plain("minusma")
    assert found.panel["period"].max() == pd.Timestamp("2023-06-01")
    events = found.panel[found.panel["event"] == 1]
    early = found.members.query("exit_kind == 'early' and exit <= '2023-06-30'")
    assert len(events) == len(early) == 6
    text = " ".join(found.sheet["value"])
    yearly = (early["exit_precision"] == "year").sum()
    assert f"of 6 early ones, {yearly}." in text
    assert "ranked together" not in text


def test_each_coalition_of_the_pool_has_a_baseline_of_its_own():
    record = set_record("contemporary")
    assert (record.strata, record.clusters, record.apart) == (
        ("coalition",), ("state", "coalition"), True,
    )  # fmt: skip
    panel = plain("contemporary").panel
    parts = [plain(name).panel for name in ("iraq", "isaf", "rsm", "unosom2")]
    assert len(panel) == sum(map(len, parts))
    term = panel.assign(x=(panel["cow"] % 7).astype(float))
    found = estimate_term(term, "x", strata=record.strata, cluster=record.clusters)
    spec = Specification("cox", "event ~ x", ties="efron", strata=("coalition",))
    assert found.estimate == pytest.approx(fit(spec, term).coefficients[0])
    assert found.estimate != pytest.approx(estimate_term(term, "x").estimate)


def test_announcements_by_kind_and_what_is_refused():
    panel = analysis_set("iraq", features=False, exit_date="announced").panel
    assert announced_shares(panel).loc["early"].tolist() == [21, 20]
    for name, said, choices in (
        ("iraq", "early 20 of 21, scheduled 2 of 14", {"outcome": "early or scheduled"}),
        ("unosom2", "early 7 of 16", {}),
        ("rsm", "early 2 of 5", {}),
    ):
        with pytest.raises(DataError, match=said):
            plain(name, exit_date="announced", **choices)


@pytest.mark.mirror
def test_a_set_of_which_nothing_is_claimed_is_not_built(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = run("contemporary", "H01", robust=False)
    assert found.table.loc[0, "data_set"] == "none"
