"""A study in a folder of one's own: from the documentation's example, and what is refused there."""

from __future__ import annotations

import pytest

import coalition_models as cm
from coalition_models.replications.page import study_page
from coalition_models.sources.load import load


@pytest.fixture
def example(root, tmp_path):
    """The documentation's example; called with pairs of (file, old, new) it is changed so."""
    text = (root / "docs" / "developer" / "own-study.md").read_text("utf-8")
    files = {
        file: text.partition(f"```{language}\n")[2].partition("```")[0]
        for language, file in (("python", "study.py"), ("csv", "published.csv"))
    }

    def make(*changes):
        folder = tmp_path / "my-study"
        folder.mkdir(exist_ok=True)
        for file, whole in files.items():
            made = whole
            for at, old, new in changes:
                if at == file:
                    assert old in made
                    made = made.replace(old, new)
            (folder / file).write_text(made, encoding="utf-8")
        return folder

    return make


STUDY, PRINTED = "study.py", "published.csv"
#: what a reader gets wrong -> the culprit and the cure
MISTAKES = {
    (PRINTED, ",page", ",leaf"): "it lacks page; has leaf, which it may not have",
    (PRINTED, ",", ";"): "must be separated by commas",
    (PRINTED, "1.16", "1,16"): "more cells than the first one.*decimals with a point",
    (PRINTED, "(1)", "(2)"): r"does not compute: Table 1 \(2\) \(its models are Table 1 \(1\)\)",
    (PRINTED, "large", "big"): r"Table 1 \(1\) big coefficient \(its terms are Intercept, large",
    (PRINTED, "std_error", "se"): r"large se \(a quantity that it has not; .*numbers\)",
    (
        STUDY,
        "'iraq'",
        "iraqi",
    ): r"Table 1, \(1\): where .*'iraqi' is not defined.*columns coalition",
    (STUDY, "exit_kind", "kind"): r"prepare \(add_end\) fails with KeyError: 'kind'.*mend it in",
    (STUDY, '"participation"', '"cases.csv"'): "needs the file cases.csv, .*put it there, or give",
    (STUDY, '"participation"', '"cases"'): "has the source 'cases': no table .* in 'cases.csv'",
    (STUDY, "tago_2009", "tago_2008"): "no work is known as 'tago_2008'; nearest keys: tago_2009",
    (STUDY, "ended ~ large", "ended ~ larger"): "no such column: 'larger' \\(nearest: large\\)",
}


def test_a_mistake_is_told_with_its_cure(example, not_refused):
    changes = {str(number): change for number, change in enumerate(MISTAKES)}
    cases = {str(number): words for number, words in enumerate(MISTAKES.values())}
    wrong = not_refused(cases, lambda number: cm.replicate(example(changes[number])))
    assert wrong == []


def test_a_row_that_is_too_long_is_refused(example):
    folder = example()
    with (folder / PRINTED).open("a", encoding="utf-8") as file:
        file.write("Table 1,(1),large,z,1,7,p. 5\n")
    with pytest.raises(cm.ReplicationError, match=r"more cells than the first one.*line 4"):
        cm.replicate(folder)


def test_columns_may_stand_in_any_order(example):
    folder = example()
    lines = [line.split(",") for line in (folder / PRINTED).read_text("utf-8").splitlines()]
    text = "\n".join(",".join(line[::-1]) for line in lines)
    (folder / PRINTED).write_text(text + "\n", encoding="utf-8")
    assert cm.replicate(folder).counts().loc["total", "exact"] == 2


def test_data_and_article_may_be_ones_own(example):
    article = (
        "__import__('coalition_models.sources.literature').sources.literature.Article("
        "key='doe_2026', authors=('Doe, Jane',), year=2026, title='Exits')"
    )
    folder = example(
        (STUDY, '"participation"', '"cases.csv"'),
        (STUDY, 'article="tago_2009"', f"article={article}"),
    )
    table = load("participation")
    assert cm.replicate(folder, data=table).verdict.startswith("2 printed numbers: 2 exact")
    assert "needs the file cases.csv" in study_page(folder).comment[0]
    table.to_csv(folder / "cases.csv", index=False)
    found = cm.replicate(folder)
    assert found.verdict.startswith("2 printed numbers: 2 exact")
    assert found.study.citation.startswith("Doe, Jane (2026). Exits")
    assert "rows = pd.read_csv('cases.csv')" in found.code("(1)")
    assert "Doe, Jane" in study_page(folder).html()
    assert len(cm.printed_se(folder)) == 2
