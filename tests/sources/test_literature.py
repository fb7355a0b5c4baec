"""Works are written out once, and everything that refers to one knows its key."""

from __future__ import annotations

import re

import pytest

import coalition_models as cm
from coalition_models.defection.named_rules import NAMED_RULES
from coalition_models.defection.rule_origins import rule_origin
from coalition_models.features.election_presets import PRESETS
from coalition_models.hypotheses.claims import read_plan
from coalition_models.sources.catalog import tables
from coalition_models.sources.literature import Article, article, articles, parse_articles

#: authors and year as a note names them; "von" is left out
_NAMED = re.compile(r"((?:[A-Z][\w-]+, )*[A-Z][\w-]+(?:,? and [A-Z][\w-]+)?) \(((?:19|20)\d\d)\)")


def test_every_record_can_be_cited():
    for key, one in articles().items():
        assert re.fullmatch(r"[a-z0-9_]+", key)
        assert one.key == key
        assert one.reference
        assert one.text.endswith((".", "?"))
        assert one.bibtex().startswith(f"@{one.kind}{{{key},\n")
        assert one.bibtex().count("{") == one.bibtex().count("}")
        assert (str(one.year) in one.text) == (one.year is not None)


def test_a_work_is_told_in_one_style():
    cil = article("cil_etal_2020")
    assert cil.short == "Cil, Fjelde, Hultman and Nilsson (2020)"
    assert cil.reference == f"{cil.short}, Journal of Peace Research 57(2): 360-370"
    assert cil.text == (
        "Cil, Deniz, Hanne Fjelde, Lisa Hultman and Desirée Nilsson (2020). Mapping Blue Helmets: "
        "Introducing the Geocoded Peacekeeping Operations (Geo-PKO) Dataset. Journal of Peace "
        "Research 57(2): 360-370."
    )
    assert r"Nilsson, Desir{\'e}e}" in cil.bibtex()
    assert "pages = {360--370}" in cil.bibtex()
    assert "({Geo-PKO})" in cil.bibtex()
    # no dot after a question mark, no dash but between numbers, quotation marks as LaTeX has them
    assert "Can Be Lost? Political Analysis" in article("hyde_marinov_2012").text
    assert "DPPADPOSS-FATALITIES" in article("un_fatalities_2025").bibtex()
    assert "``Which countries" in article("icasualties_economist_2018").bibtex()
    assert r"Research \& Politics" in article("berkemeier_fuhrmann_2018").bibtex()
    # what was not checked is left out
    assert article("wood").text == "Wood. Working paper."
    assert article("raes_dubois_buts_2019").reference == "Raes, Du Bois and Buts (2019)"
    assert article("mcinnis_2020").reference == (
        "McInnis (2020), Palgrave Macmillan, doi 10.1007/978-3-319-78834-0"
    )


def test_an_unknown_key_names_the_nearest():
    with pytest.raises(
        cm.DataError, match="no work is known as 'tago_2008'; nearest keys: tago_2009"
    ):
        article("tago_2008")
    with pytest.raises(cm.DataError, match="holds all"):
        article("?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a_1]\njounral = "x"', "a_1: unknown jounral"),
        ("[a_1]\nvolume = 3", "a_1: text expected in volume"),
        ('[a_1]\nauthors = "X, Y"', "a_1: a list of names expected in authors"),
        ('[a_1]\nyear = "1999"', "a_1: a number expected in year"),
        (
            '[a_1]\nkind = "post"',
            "a_1: kind must be one of article, book, techreport, misc, not post",
        ),
        ('[a_1]\npublisher = "x"', "a_1: no part of article: publisher"),
        ("a_1 = 3", "a_1: expected a table with authors"),
        ("[a_1", "is no TOML"),
    ],
)
def test_a_record_that_is_wrong_is_named(text, said):
    with pytest.raises(cm.DataError, match=said):
        parse_articles(text)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(cm.DataError, match=r"(?s)a: unknown x.*b: unknown y"):
        parse_articles("[a]\nx = 'x'\n[b]\ny = 'y'")


def test_whoever_refers_to_a_work_knows_its_key():
    known = articles()
    used = {rule_origin(name).key for name in NAMED_RULES}
    used |= {preset.article for preset in PRESETS.values()}
    used |= {key for claim in read_plan().claims for key in claim.articles}
    used |= {one.citation for one in tables().values() if isinstance(one.citation, str)}
    assert used <= set(known)
    assert all(isinstance(one, Article) for one in known.values())


def test_authors_and_year_in_a_docstring_are_those_of_a_known_work(root):
    known = {(surnames(one), one.year) for one in articles().values()}
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (root / "coalition_models").rglob("*.py")
        if path.name != "literature.py"
    )
    named = {
        (frozenset(re.split(r",? and |, ", names)), int(year))
        for names, year in _NAMED.findall(re.sub(r"\s+", " ", text))
    }
    assert len(named) > 20
    unknown = {(" ".join(sorted(names)), year) for names, year in named - known}
    assert unknown == set()


def surnames(one):
    return frozenset(name.partition(",")[0].removeprefix("von ") for name in one.authors)


def test_works_can_be_cited_beside_tables():
    citation = cm.cite("tago_2009", "polity5")
    assert "Tago, Atsushi (2009)." in citation.text
    assert "@article{tago_2009," in citation.bibtex
    assert repr(citation) == "<Citation of 2 works: tago_2009, polity5>"
    both = cm.cite("disputes-oneal-russett", "box_steffensmeier_zorn_2001").bibtex
    assert both.count("{box_steffensmeier_zorn_2001,") == 1
    with pytest.raises(cm.DataError, match="no table named 'tago_1809'"):
        cm.cite("tago_1809")
