"""Pages: what is wide fits or can be scrolled, on a screen and in print."""

from __future__ import annotations

import html as html_lib
import json
import re
import shutil
import subprocess

import pandas as pd
import pytest

from coalition_models.render import Table, frame_table
from coalition_models.report.figures.plots import plot_participation
from coalition_models.report.html import Section, page

_BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_MEASURE = """<script>addEventListener("load", () => document.body.setAttribute("data-over",
JSON.stringify([...document.querySelectorAll(".scroll")].map(e => [e.scrollWidth, e.clientWidth]))))
</script></body>"""


@pytest.fixture
def wide_table():
    """As many columns as the report's widest table, some with long cells and addresses."""
    short = {f"column_{i}": ["medium", "main"] for i in range(9)}
    long = {
        "reason": ["battle group and training team withdrawn on a campaign pledge", "one"],
        "source": ["https://example.org/" + "a" * 70, "https://example.org/short/address"],
        "rests_on": ["participation: iraq AUS-1, exit coded early, by reason of a pledge", "two"],
        "rules": ["one-rule, another-rule, a-third-rule, a-fourth-rule-with-a-name", "rule"],
    }
    return frame_table(pd.DataFrame({**short, **long}), title="Wide")


def scroll_widths(text, tmp_path, width):
    """Needed and given width of everything that could scroll, as a browser lays it out."""
    if _BROWSER is None:
        pytest.skip("no Chromium or Chrome to lay the page out")
    file = tmp_path / "page.html"
    file.write_text(text.replace("</body>", _MEASURE), encoding="utf-8")
    command = [_BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    shown = subprocess.run(
        [*command, f"--user-data-dir={tmp_path / 'browser'}", f"--window-size={width},900",
         file.as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    ).stdout  # fmt: skip
    found = re.search(r'data-over="([^"]*)"', shown)
    if found is None:
        pytest.skip("the browser does not run here")
    return json.loads(html_lib.unescape(found[1]))


@pytest.mark.parametrize(("width", "media"), [(1200, "screen"), (720, "print")])
def test_the_widest_table_is_not_cut_on_a_screen_or_in_print(wide_table, tmp_path, width, media):
    text = page("x", "y", [Section("one", [wide_table])], "z", wide=True)
    if media == "print":
        text = text.replace("@media print", "@media all")
    ((needed, given),) = scroll_widths(text, tmp_path, width)
    assert needed <= given


def test_a_figure_keeps_its_letters_on_a_narrow_screen(tmp_path):
    members = pd.DataFrame(
        {
            "coalition": "iraq", "state": ["AAA", "BBB"], "name": ["A", "B"], "spell": 1,
            "entry": pd.Timestamp("2003-05-01"), "exit": pd.Timestamp("2004-05-01"),
            "exit_kind": ["early", "mission_end"],
        }
    )  # fmt: skip
    plot = plot_participation(members)
    text = page("x", "y", [Section("one", [(plot, "caption")])], "z")
    least = int(re.search(r"min-width:(\d+)px", text)[1])
    assert least == pytest.approx(72 * plot.figure.get_figwidth(), abs=1)
    ((needed, given),) = scroll_widths(text, tmp_path, 500)
    assert needed >= least > given


def test_what_scrolls_shows_so_and_can_be_reached_by_the_keyboard(wide_table):
    text = page("x", "y", [Section("one", [wide_table])], "z")
    assert '<div class="scroll" role="region" tabindex="0" aria-label="Wide">' in text
    style = text[text.index("<style>") : text.index("</style>")]
    scroll = style[style.index(".scroll {") :]
    assert "linear-gradient" in scroll[: scroll.index("}")]
    assert "@media print" in style


def test_a_column_wraps_as_a_whole_and_headings_are_words():
    table = Table(["a_b", "why"], [["x_y", "short"], ["z", "long " * 10]], align="ll")
    text = page("x", "y", [Section("one", [table])], "z")
    assert text.count("<td class=wrap") == 2
    assert ">a b<" in text
    assert ">x y<" in text
