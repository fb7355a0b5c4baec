"""The part on published studies: with their data, and without."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.replications.everything import Replications
from coalition_models.replications.matching import MATCHES
from coalition_models.replications.registry import list_replications, replicate
from coalition_models.report.part import Run, write_part
from coalition_models.report.parts.replications import PART, replication_products

STUDY = "box-steffensmeier-zorn-2001"


def test_without_its_data_a_study_says_what_it_needs(alone, tmp_path):
    patch = alone()
    try:
        found = PART.analyse(Run())
        links = write_part(tmp_path, PART, found, "", "")
    finally:
        patch.undo()
    assert not found.found
    assert f"data fetch {found.listed.loc[STUDY, 'sources']}" in found.absent[STUDY]
    assert (
        PART.about(found) == f"0 of {len(found.listed)} recomputed: the data of none are at hand."
    )
    assert next(found.lines()).partition(": needs ")[0] in found.absent
    assert PART.sources(found) == []
    assert links == [("Published studies, recomputed", "replications/replications.html")]
    counts = pd.read_csv(tmp_path / "replications" / "tables" / "counts.csv")
    assert counts["numbers"].tolist() == found.listed["numbers"].tolist()
    assert counts[list(MATCHES)].isna().all(axis=None)
    assert "not at hand" in (tmp_path / links[0][1]).read_text("utf-8")


@pytest.mark.mirror
def test_with_its_data_every_number_stands_beside_the_printed_one(mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    one = replicate(STUDY)
    found = Replications(list_replications().loc[[STUDY]], {STUDY: one}, {})
    total = one.counts().loc["total"]
    product = replication_products(found)
    assert product.frames["counts"].iloc[0].tolist() == [STUDY, *total.tolist()]
    assert len(product.tables) == 1 + len(one.study.tables)
    assert len(product.frames[STUDY]) == total["numbers"]
    about = f"1 of 1 recomputed: {total['exact']} of {total['numbers']} printed numbers"
    assert PART.about(found).startswith(about)
    assert next(found.lines()) == f"{STUDY}: {one.verdict}"
    assert found.unlisted == 0
    write_part(tmp_path, PART, found, "", "")
    text = (tmp_path / "replications" / "replications.html").read_text("utf-8")
    assert one.study.title in text
    assert one.study.doi in text
    assert PART.sources(found) == list(one.study.sources)
