"""Tables of published numbers in HTML: what differs is bold, what is wide scrolls."""

from __future__ import annotations

from coalition_models.render import Table
from coalition_models.replications.look import STYLE, scrolling
from coalition_models.replications.registry import replicate


def test_a_number_that_differs_is_bold_and_the_title_names_the_table():
    table = Table(["term", "(1)"], [["a", "0.24 / 0.25 *"], ["b", "1.0 / 1.0"]], 'The "first"')
    made = scrolling(table.html())
    assert 'font-weight:bold">0.24 / 0.25 *</td>' in made
    assert 'bold">1.0 / 1.0' not in made
    assert made.startswith('<p class="title">')
    assert '<div class="across"><table' in made
    assert "aria-label=" in made


def test_a_replication_brings_its_style(toy):
    html = replicate(toy("Table 1,all,spells,coefficient,0.50,p. 1,")).html()
    assert html.startswith(STYLE)
    assert html.count('<div class="across">') == 2
