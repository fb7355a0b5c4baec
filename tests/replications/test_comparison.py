"""A replication as it shows itself."""

from __future__ import annotations

import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications.registry import replicate

WRONG = "Table 1,all,spells,std_error,0.24,p. 1,{}"
RIGHT = "Table 1,all,spells,coefficient,0.50,p. 1,"


def test_tables_lay_ours_beside_the_printed(toy):
    result = replicate(toy(RIGHT, WRONG.format("printer")))
    assert result.table["match"].tolist() == ["exact", "off by one in the last digit"]
    assert result.table["digits"].tolist() == [2, 2]
    assert result.counts().loc["total"].tolist() == [2, 1, 1, 0]
    text = result.summary()
    said = ("0.50 / 0.50", "0.24 / 0.25 *", "ours 0.25", "the printer's error", "Count the rows.")
    for part in (*said, "all of these listed"):
        assert part in text
        assert part.replace("'", "&#x27;") in result._repr_html_()
    assert "| spells | coefficient | 0.50 / 0.50 |" in result.markdown()
    assert r" & std error & 0.24 / 0.25 * \\" in result.latex()
    verdict = "2 printed numbers: 1 exact, 1 off by one in the last digit, 0 different"
    assert repr(result) == f"<Replication toy-2020: {verdict}; all of these listed>"
    with pytest.raises(ReplicationError, match="has the tables Table 1; found 'Table 9'"):
        result.to_table("Table 9")


def test_a_deviation_without_a_reason_is_told(toy):
    result = replicate(toy(RIGHT, WRONG.format("")))
    assert result.verdict.endswith("1 deviation unlisted")
    assert result.unlisted["quantity"].tolist() == ["std_error"]


def test_many_numbers_of_one_reason_are_told_together(toy):
    quantities = {"ratio": "9", "ratio_low": "9", "ratio_high": "9", "conf_low": "9"}
    quantities |= {"conf_high": "9", "p_value": "9"}
    lines = [
        f"Table 1,all,spells,{name},{value},p. 1,printer" for name, value in quantities.items()
    ]
    assert "* 6 numbers: the printer's error" in replicate(toy(*lines)).summary()


def test_in_spirit_ours_are_shown_alone(toy, toy_record):
    result = replicate(toy(record=toy_record.replace("recipe=", 'kind="in spirit", recipe=')))
    assert result.verdict == "8 numbers of ours, none printed"
    assert (result.table["match"] == "").all()
    text = result.to_table("Table 1").text()
    assert "nothing of it was printed" in text
    assert "0.250" in text


def test_code_is_what_a_reader_types(toy):
    result = replicate(toy(RIGHT))
    lines = result.code("half").splitlines()
    assert lines[1] == "from study import count, halve"
    assert "fit = count(rows, error=0.5)" in lines
    with pytest.raises(ReplicationError, match=r"no model 'none': give one of 'all' \(Table 1\)"):
        result.code("none")
