"""Pandoc and Typst are run so that equal inputs give equal bytes, and are missed politely."""

from __future__ import annotations

import importlib.util

import pytest

from coalition_models import documents as made_by
from coalition_models.about import RELEASED
from coalition_models.errors import DataError
from coalition_models.typesetting import latex_text, typst_text


def test_documents_are_dated_with_the_release(root, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert f"date-released: {RELEASED}" in (root / "CITATION.cff").read_text(encoding="utf-8")
    released = made_by.document_date()
    assert released % 86400 == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert made_by.document_date() == 86400 != released
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(DataError, match="seconds since 1970"):
        made_by.document_date()


def test_without_the_extra_the_message_names_it(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert not made_by.can_make_documents()
    with pytest.raises(DataError, match=r"pip install 'coalition-models\[paper\]'"):
        made_by.pandoc("<p>x</p>", source="html", to="docx")
    with pytest.raises(DataError, match=r"pip install 'coalition-models\[paper\]'"):
        made_by.typst_pdf(tmp_path, "x.typ")


def test_equal_texts_give_equal_bytes(documents, tmp_path):
    (tmp_path / "x.typ").write_text("#set document(title: [x])\nHello")
    assert documents.typst_pdf(tmp_path, "x.typ") == documents.typst_pdf(tmp_path, "x.typ")
    assert len(documents.typst_pages(tmp_path, "x.typ")) == 1
    one, two = (documents.pandoc("<p>x</p>", source="html", to="docx") for _ in range(2))
    assert one == two


def test_what_a_program_refuses_is_an_error(documents, tmp_path):
    (tmp_path / "x.typ").write_text("#nobody")
    with pytest.raises(DataError, match=r"typst cannot set x\.typ"):
        documents.typst_pdf(tmp_path, "x.typ")
    with pytest.raises(DataError, match="pandoc cannot make"):
        documents.pandoc("x", source="html", to="no-such-format")


@pytest.mark.parametrize("text", ["-0.5", "a -1", "[-0.2, -3]"])
def test_a_minus_is_set_as_one(text):
    assert "\u2212" in typst_text(text)
    assert "-" in latex_text(text)


@pytest.mark.parametrize("text", ["2003-2008", "well-known", "p-value 3-4", "1e-5"])
def test_a_hyphen_stays(text):
    assert "\u2212" not in typst_text(text)
