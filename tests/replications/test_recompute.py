"""What is refused before numbers are laid side by side, and what is left out."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import ReplicationError
from coalition_models.replications.registry import replicate
from coalition_models.replications.study import Model, Study

RIGHT = "Table 1,all,spells,coefficient,0.50,p. 1,"


def test_a_number_that_no_model_gives_is_an_error(toy):
    with pytest.raises(ReplicationError, match="toy-2020 does not compute: Table 1 all spells F"):
        replicate(toy("Table 1,all,spells,F,0.5,p. 1,"))
    with pytest.raises(ReplicationError, match="toy-2020 does not compute: Table 2 all"):
        replicate(toy("Table 2,all,spells,z,0.5,p. 1,"))
    with pytest.raises(ReplicationError, match="gives no reason for the deviation typo"):
        replicate(toy("Table 1,all,spells,z,0.5,p. 1,typo"))


def test_a_record_that_contradicts_itself_is_refused():
    model = Model("Table 1", "all", lambda rows: rows)
    with pytest.raises(ReplicationError) as refused:
        Study(
            "bad", "tago_2009", ("troops",), {"Table 2": ""}, (),
            (model, model, Model("Table 2", "all", lambda rows: rows, source="leaders")),
            kind="printd",
        )  # fmt: skip
    for said in ("given twice: Table 1 all", "it has not: Table 1", "leaders", "'in spirit'"):
        assert said in str(refused.value)


def test_own_data_are_taken_by_source(toy):
    folder = toy("Table 1,all,model,rows,2,p. 1,", "Table 1,half,model,rows,1,p. 1,")
    rows = pd.DataFrame({"state": ["A", "B"]})
    for data in (rows, {"participation": rows}):
        assert replicate(folder, data).counts().loc["total", "exact"] == 2
    with pytest.raises(cm.DataError, match="must give the sources participation; found troops"):
        replicate(folder, {"troops": rows})


def test_models_without_their_data_are_left_out_and_told(toy, toy_record, no_sources, monkeypatch):
    monkeypatch.setattr("coalition_models.sources.fetch._WAITS", ())
    record = toy_record.replace('sources=("participation",)', 'sources=("participation", "nelda")')
    record = record.replace('"half", count,', '"half", count, source="nelda",')

    def unreachable(*_):
        raise OSError("no network here")

    monkeypatch.setattr("coalition_models.sources.fetch._download", unreachable)
    result = replicate(toy(RIGHT, "Table 1,half,model,rows,1,p. 1,", record=record))
    assert result.table["match"].tolist() == ["exact", ""]
    assert result.verdict.endswith("1 without their data")
    assert "nelda" in result.missing[0]
    assert "1 / -" in result.to_table("Table 1").text()
    assert result.missing[0].split()[0] in result.summary()
