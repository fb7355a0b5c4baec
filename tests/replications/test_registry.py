"""The list of studies and their records."""

from __future__ import annotations

import re
import sys

import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications import registry, studies
from coalition_models.replications.registry import list_replications, replicate
from coalition_models.replications.study import read_published
from coalition_models.sources.load import datasets, load


def test_every_record_is_complete():
    listed = list_replications()
    assert list(listed.index) == registry.known_studies()
    known = set(datasets().index) | set(datasets().get("name", []))
    for name in listed.index:
        study = registry._study(name)
        assert study.name == name
        assert study.source in known
        assert re.fullmatch(r"10\.\d{4,}/\S+", study.doi)
        printed = read_published(name)
        assert set(printed["table"]) == set(study.tables)
        assert len(printed) == listed.loc[name, "numbers"]
        assert printed["page"].str.len().min() > 0
        keys = set(
            printed[["table", "model", "term", "quantity"]].itertuples(index=False, name=None)
        )
        assert set(study.deviations) <= keys


def test_an_unknown_study_lists_the_known_ones():
    with pytest.raises(ReplicationError, match="box-steffensmeier-zorn-2001"):
        replicate("box-steffensmeier")


TOY = """
import pandas as pd
from coalition_models.replications.study import Study

STUDY = Study(
    name="toy-2020", article="tago_2009", source="participation", tables={"Table 1": "spells"},
    recipe=("Count the rows.",),
    compute=lambda rows: pd.DataFrame(
        [("Table 1", "all", "spells", "rows", float(len(rows)))],
        columns=["table", "model", "term", "quantity", "ours"],
    ),
)
"""


def test_a_study_is_one_folder(tmp_path, monkeypatch):
    folder = tmp_path / "toy_2020"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    (folder / "study.py").write_text(TOY, encoding="utf-8")
    rows = len(load("participation"))
    (folder / "published.csv").write_text(
        f"table,model,term,quantity,printed,page\nTable 1,all,spells,rows,{rows},p. 1\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    assert "toy-2020" in list_replications().index
    assert replicate("toy-2020").counts().loc["total"].tolist() == [1, 1, 0, 0]
    for name in [n for n in sys.modules if n.startswith(f"{studies.__name__}.toy_2020")]:
        del sys.modules[name]
