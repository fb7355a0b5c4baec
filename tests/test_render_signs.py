"""Signs of markup in labels and names: every form of a table shows them as they stand."""

from __future__ import annotations

import pytest

from coalition_models.documents import can_make_documents, pandoc
from coalition_models.render import Table

SIGNS = (
    "R&D a_b _c_ 50 % <b>x</b> a|b $x$ #1 back\\slash {x} ~^ *star* **two** [x](y) `c` @ref \u010d"
)


@pytest.fixture
def table() -> Table:
    return Table(["", SIGNS, "2"], [[SIGNS, "1.05*", "[0.1, 2.0]***"]], notes=[f"Note {SIGNS}"])


@pytest.mark.skipif(not can_make_documents(), reason="the extra paper is not here")
@pytest.mark.parametrize("source", ["gfm", "latex", "html"])
def test_what_pandoc_reads_is_what_was_written(table, source):
    text = {"gfm": table.markdown, "latex": table.latex, "html": table.html}[source]()
    told = pandoc(text, source=source, to="plain").decode("utf-8")
    words = " ".join(told.replace("|", " | ").split())
    for sign in (
        "R&D",
        "_c_",
        "<b>x</b>",
        "$x$",
        "#1",
        "{x}",
        "*star*",
        "[x](y)",
        "@ref",
        "\u010d",
    ):
        assert words.count(sign) >= 1, (source, sign, words)
    assert "1.05*" in words


def test_many_columns_leave_room_for_a_long_first_one():
    wide = Table(["a", *map(str, range(10))], [["long " * 10, *["0.123"] * 10]])
    assert r"p{0.2\linewidth}" in wide.latex()
    assert "columns: (20%, auto" in wide.typst()
    narrow = Table(["a", "1"], [["long " * 10, "0.123"]])
    assert r"p{0.8\linewidth}" in narrow.latex()
    assert "columns: (1fr, auto" in narrow.typst()
