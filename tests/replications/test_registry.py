"""The list of studies and their records."""

from __future__ import annotations

import re
import sys

import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications import registry, studies
from coalition_models.replications.published import folder_of, read_published
from coalition_models.replications.registry import list_replications, replicate
from coalition_models.sources.load import datasets, load


def test_every_record_is_complete():
    listed = list_replications()
    assert list(listed.index) == registry.known_studies()
    known = set(datasets().index)
    for name in listed.index:
        study = registry.study_named(name)
        assert study.name == name
        assert set(study.sources) <= known, name
        assert study.doi == "" or re.fullmatch(r"10\.\d{4,}/\S+", study.doi)
        assert study.question.endswith("?")
        assert study.recipe
        assert (folder_of(name) / "notes.md").is_file(), name
        printed = read_published(folder_of(name))
        shown = set(study.tables) if study.kind == "printed" else set()
        assert set(printed["table"]) == shown, name
        if study.kind == "in spirit":
            continue
        assert len(printed) == listed.loc[name, "numbers"]
        assert printed["page"].str.len().min() > 0
        assert set(printed["deviation"]) - {""} == set(study.deviations), name


def test_an_unknown_study_lists_the_known_ones(tmp_path):
    with pytest.raises(ReplicationError, match="box-steffensmeier-zorn-2001"):
        replicate("box-steffensmeier")
    with pytest.raises(ReplicationError, match=r"no study\.py in"):
        replicate(tmp_path)
    (tmp_path / "study.py").write_text("STUDY = 1\n", encoding="utf-8")
    with pytest.raises(ReplicationError, match=r"must define STUDY = Study"):
        replicate(tmp_path)


def test_a_study_is_one_folder(toy, monkeypatch, tmp_path):
    rows = len(load("participation"))
    folder = toy(f"Table 1,all,model,rows,{rows},p. 1,")
    assert replicate(folder).counts().loc["total"].tolist() == [1, 1, 0, 0]
    assert replicate(str(folder)).study.name == "toy-2020"
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    assert "toy-2020" in list_replications().index
    assert replicate("toy-2020").counts().loc["total"].tolist() == [1, 1, 0, 0]
    for name in [n for n in sys.modules if n.startswith(f"{studies.__name__}.toy_2020")]:
        del sys.modules[name]


def test_the_example_of_an_own_study_runs(tmp_path, root):
    text = (root / "docs" / "developer" / "own-study.md").read_text("utf-8")
    for language, file in (("python", "study.py"), ("csv", "published.csv")):
        block = text.partition(f"```{language}\n")[2].partition("```")[0]
        (tmp_path / file).write_text(block, encoding="utf-8")
    result = replicate(tmp_path)
    assert result.counts().loc["total"].tolist() == [2, 2, 0, 0]
    assert "from study import add_end" in result.code("(1)")
