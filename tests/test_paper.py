"""The paper holds no number typed by hand, and nothing in it that the analysis does not give."""

from __future__ import annotations

import re

import pytest

from coalition_models.defection import rules
from coalition_models.errors import DataError
from coalition_models.render import Table
from coalition_models.report.figures.style import Plot
from coalition_models.report.paper import Material, cited_works, numbered_slots, slots_of
from coalition_models.report.paper_claims import claims_material
from coalition_models.report.paper_files import KINDS, bibliography, filled_text, paper_document
from coalition_models.report.paper_iraq import iraq_material
from coalition_models.report.paper_material import SUBJECTS, material_for
from coalition_models.report.paper_tables import FORMS
from coalition_models.report.part import Run
from coalition_models.report.parts.first_look import PART as FIRST_LOOK

TEXT = """---
title: A test
author: Nobody
abstract: |
  {{n}} exits.
---

As {{ref:table:one}} and {{ref:figure:two}} show [@tago_2009].

{{table:one}}

{{figure:two}}

::: {#refs}
:::
"""


@pytest.fixture(scope="module")
def template(root):
    return (root / "paper" / "paper.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def material():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2])
    odd = Table(["", "R&D_1"], [["50 % [x] *b* $c$ #d @e <f>", "-0.5"]], "Odd: signs", ("A note.",))
    return Material(
        {"n": "21"}, {"one": odd}, {"two": (Plot(figure, odd.to_frame()), "Words: a_b")}
    )


def test_the_template_has_no_number_of_its_own(template):
    bare = re.sub(r"\{\{[^}]*\}\}", "", template)
    bare = re.sub(r"@\w+", "", bare)
    assert cited_works(template)
    assert re.findall(r"\d+", bare) == []


def test_every_name_is_behind_a_subject_and_shown_things_are_referred_to(template):
    for slot in slots_of(template):
        name = slot.removeprefix("ref:").rpartition(":")[2]
        assert name in ("version", "sources") or name.partition(".")[0] in SUBJECTS
    for slot in numbered_slots(template):
        assert f"{{{{ref:{slot}}}}}" in template, f"{slot} is shown and not spoken of"


def test_the_works_cited_are_those_of_the_list(template, root):
    kept = (root / "paper" / "refs.bib").read_text(encoding="utf-8")
    assert kept == bibliography(template)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{{m}}", "does not give: m; known"),
            ("{{table:nobody}}", "table:nobody"),
            ("{{figure:nobody}}", "figure:nobody"),
            ("{{ref:table:one}}", "ref:table:one"),
            ("{{table:one}} {{table:one}}", "more than once"),
            ("[@nobody_1999]", "nobody_1999"),
        ],
    )
    def test_what_is_unknown_fails(self, material, text, said):
        with pytest.raises(DataError, match=said):
            filled_text(text, material)

    def test_a_kind_that_is_none(self, material):
        with pytest.raises(DataError, match="one of md, pdf, html, docx, tex"):
            filled_text("{{n}}", material, "odt")


@pytest.fixture(scope="module")
def made(documents, material):
    assert documents
    return {kind: paper_document(TEXT, material, kind) for kind in KINDS}


class TestDocuments:
    def test_each_kind_is_what_it_says(self, made):
        assert made["pdf"].startswith(b"%PDF")
        assert made["docx"].startswith(b"PK")
        assert b"<!DOCTYPE html>" in made["html"]
        assert b"\\begin{document}" in made["tex"]

    def test_equal_inputs_give_equal_bytes(self, made, material):
        for kind in ("pdf", "docx"):
            assert paper_document(TEXT, material, kind) == made[kind]

    def test_numbers_are_filled_and_signs_stay_signs(self, made):
        page = made["html"].decode()
        assert "As Table 1 and Figure 1 show" in page
        assert "Tago" in page
        assert "50 % [x] *b* $c$ #d @e &lt;f&gt;" in page
        assert "{{" not in page

    def test_a_work_without_an_entry_fails(self, documents, material):
        assert documents
        with pytest.raises(DataError, match="nobody_1999"):
            paper_document("See @nobody_1999.", material, "pdf")


def test_only_what_is_named_is_analysed():
    run = Run()
    found = material_for("{{coders.kind_agree}} of {{coders.kind_of}}, {{version}}", run)
    assert (found.values["coders.kind_agree"], found.values["coders.kind_of"]) == ("29", "30")
    assert not run._held


def test_iraq():
    look = FIRST_LOOK.analyse(Run())
    found = iraq_material(look, FIRST_LOOK.product(look))
    assert found.values["events"] == "21"
    models = found.tables["models"]
    assert models.rows[0][0] == "Election within six months"
    assert list(models.header)[1:] == ["clustered", "jackknife (CR3)", "wild bootstrap"]
    assert not any("election_near" in note for note in models.notes)


def test_words_for_every_form_and_claims():
    assert set(FORMS) == set(rules.KINDS)
    assert callable(claims_material)
