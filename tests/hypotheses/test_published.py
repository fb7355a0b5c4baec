"""How published findings stand: by the verdicts, in one line each."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from coalition_models.hypotheses.published import STANDINGS, published_findings, published_table


@pytest.fixture(scope="module")
def found(bundled):
    return published_findings(bundled)


def test_every_claim_has_one_line(bundled, found):
    assert found["claim"].tolist() == list(dict.fromkeys(bundled.table["claim"]))
    assert set(found["standing"]) <= set(STANDINGS)
    never = bundled.claims_run()
    untested = found.set_index("claim")["standing"].eq("cannot be tested")
    assert (never[never == 0].index.isin(untested[untested].index)).all()
    assert all(row["line"].startswith(row["claim"]) for row in found.to_dict("records"))
    assert len(published_table(found).rows) == len(found)


def test_the_standing_follows_the_verdicts(bundled):
    table = bundled.table
    tested = table[(table["verdict"] == "inconclusive") & table["counted"]]
    claim = tested["claim"].iloc[0]
    mine = table["claim"] == claim

    def standing(verdict, strength="outright", rows=mine):
        changed = table.assign(
            verdict=table["verdict"].mask(rows, verdict),
            strength=table["strength"].mask(rows, strength),
        )
        lines = published_findings(replace(bundled, table=changed)).set_index("claim")
        return lines.loc[claim, "standing"]

    assert standing("inconclusive") == "open"
    assert standing("supported") == "holds"
    assert standing("supported", "p only") == "holds, p only"
    assert standing("contradicted") == "turns"
    assert standing("little effect") == "little effect"
    assert standing("untestable") == "cannot be tested"
    first = mine & ~table.index.isin(table.index[mine][1:])
    rest = table.assign(verdict=table["verdict"].mask(mine, "supported"))
    rest["verdict"] = rest["verdict"].mask(first, "contradicted")
    lines = published_findings(replace(bundled, table=rest)).set_index("claim")
    assert lines.loc[claim, "standing"] == "mixed"


def test_a_changed_number_changes_the_line(bundled, found):
    at = bundled.table.index[bundled.table["verdict"] != "untestable"][0]
    claim = bundled.table.loc[at, "claim"]
    changed = bundled.table.copy()
    changed.loc[at, "ratio"] = 7.77
    other = published_findings(replace(bundled, table=changed)).set_index("claim")
    assert "ratio 7.77 on" in other.loc[claim, "line"]
    assert "7.77" not in found.set_index("claim").loc[claim, "line"]


def test_what_is_pooled_is_told(bundled, found):
    pooled = found[found["pooled"].notna()]
    assert set(pooled["claim"]) == set(bundled.meta["claim"])
    assert pooled["line"].str.contains("; together").all()
    assert pd.isna(found.loc[~found["claim"].isin(pooled["claim"]), "pooled"]).all()
