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
    (PRINTED, "1.16", "1.l6"): r"no number: '1\.l6' on line 2: write digits alone",
    (PRINTED, "0.66", "(0.66)"): r"no number: '\(0\.66\)' on line 3.*without stars, brackets",
    (PRINTED, "0.66", "inf"): "no number: 'inf' on line 3",
    (
        PRINTED,
        "std_error,0.66",
        "coefficient,1.16",
    ): "large coefficient on line 3: keep",
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


#: the whole text of a file -> the culprit and the cure
WHOLE = {
    (PRINTED, ""): "is empty: its first line must be table,model,term",
    (PRINTED, "table,model,term,quantity,printed,page\n"): "a first line and no number",
    (
        STUDY,
        "import nothing_of_the_kind",
    ): r"ModuleNotFoundError: .*\(line 1\); mend",
    (STUDY, "STUDY = (("): "cannot be run: SyntaxError: .*line 1",
}


def test_a_file_that_cannot_be_used_is_told_with_its_cure(example, not_refused):
    def run(number):
        file, text = list(WHOLE)[int(number)]
        folder = example()
        (folder / file).write_text(text, encoding="utf-8")
        cm.replicate(folder)

    cases = {str(number): words for number, words in enumerate(WHOLE.values())}
    assert not_refused(cases, run) == []


def test_a_file_of_another_encoding_is_refused(example):
    folder = example()
    text = (folder / PRINTED).read_text("utf-8").replace("p. 5", "S. f\u00fcnf")
    (folder / PRINTED).write_bytes(text.encode("latin-1"))
    with pytest.raises(cm.ReplicationError, match="is not in UTF-8: save it so"):
        cm.replicate(folder)


def test_spaces_in_cells_and_in_the_folder_and_the_file_itself_are_taken(example, tmp_path):
    folder = example((PRINTED, ",coefficient,", ", coefficient ,"))
    folder = folder.rename(tmp_path / "a study of mine")
    for name in (folder, f"{folder}/", folder / STUDY):
        assert cm.replicate(name).verdict.startswith("2 printed numbers: 2 exact")


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
    assert len(cm.printed_se(folder)) == 3
