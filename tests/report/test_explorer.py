"""The explorer: its numbers are those of its tables, for a reader with any width and any hand."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.cli import main
from coalition_models.errors import gathered
from coalition_models.report.explorer import explorer_frames, explorer_page, write_explorer
from coalition_models.report.parts.explorer import PART
from coalition_models.sensitivity.exploring import Explored, explore, short_choices


@pytest.fixture(scope="module")
def found() -> Explored:
    """A few of the specifications of Iraq, with every dimension that the page switches."""
    held = short_choices("iraq").without("dates", "exit_date", "estimator", "controls")
    with gathered():
        return explore("iraq", choices=held, draws=19)


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    out = tmp_path_factory.mktemp("explorer")
    write_explorer(found, out)
    return out


@pytest.fixture
def shown(browser, written):
    """Open the page with some choices in its address."""

    def show(width: int = 1400, **choices: str):
        tail = f"#{urlencode(choices)}" if choices else ""
        browser.open((written / "explorer.html").as_uri() + tail, width)
        return browser

    return show


CHOICES = (
    "dates", "contested", "kinds", "exit_date", "wind_up", "peak_at_least", "rule", "clock",
    "elections", "window", "controls", "estimator",
)  # fmt: skip


def table_of(out) -> pd.DataFrame:
    """The CSV file as text, cell by cell."""
    return pd.read_csv(out / "tables" / "explorer.csv", dtype=str, keep_default_na=False)


def value(browser, identity: str):
    return browser.run(f"document.getElementById('{identity}').dataset.value")


def text(browser, identity: str) -> str:
    return browser.run(f"document.getElementById('{identity}').textContent")


def test_the_page_holds_the_bytes_of_its_tables(found, written):
    page = (written / "explorer.html").read_text(encoding="utf-8")
    held = json.loads(re.search(r'id="held">(.*?)</script>', page, re.DOTALL)[1])
    for part, name in (("table", ""), ("left", "_left"), ("joint", "_joint")):
        file = written / "tables" / f"explorer{name}.csv"
        assert held[part] == file.read_text(encoding="utf-8")
    assert len(page) < 5_000_000
    assert explorer_page(found) == explorer_page(found)
    assert not re.search(r'(src|href)="(?!data:|#|report\.html)', page)


def test_every_number_shown_is_that_of_the_csv(shown, written):
    rows = table_of(written)
    picked = [0, len(rows) - 1, *np.random.default_rng(1).choice(len(rows), 6, replace=False)]
    names = ["events", "exposed_events", "exposed_clusters", "clusters", "rows", "ratio",
             "p_value", "p_exchange", "z"]  # fmt: skip
    for at in picked:
        row = rows.iloc[int(at)]
        browser = shown(**{name: row[name] for name in CHOICES})
        assert browser.complaints == []
        assert browser.run("document.body.dataset.specification") == row["specification"]
        assert {name: value(browser, name) for name in names} == {n: row[n] for n in names}
        assert value(browser, "interval") == f"{row['ratio_low']} {row['ratio_high']}"
        if row["ratio"] and 0.005 < float(row["ratio"]) < 1000:
            assert text(browser, "ratio") == f"{float(row['ratio']):.2f}"
        left = pd.read_csv(written / "tables" / "explorer_left.csv", dtype=str)
        mine = left[left["left"] == row["left"]]
        told = browser.run(
            "[...document.querySelectorAll('#leavers tbody tr')].map(r => r.cells[1].textContent)"
        )
        assert told == mine["day"].fillna(mine["month"]).tolist()
        assert len(mine) == int(row["events"])


def test_switching_a_choice_changes_address_and_numbers(shown, written):
    browser = shown()
    assert "default" in text(browser, "changes")
    browser.run("document.querySelector('input[name=contested][value=strict]').click()")
    assert "contested=strict" in browser.run("location.hash")
    rows = table_of(written)
    strict = rows[rows["contested"] == "strict"].iloc[0]
    assert value(browser, "events") == strict["events"]
    changes = text(browser, "changes")
    assert "strict (default main)" in changes
    assert "Left in the default, not here: Nicaragua" in changes
    browser.run("history.back()")
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert value(browser, "events") == rows.iloc[0]["events"]
    assert browser.complaints == browser.requests == []


def test_the_keyboard_is_enough_and_its_place_is_seen(shown):
    browser = shown()
    seen = []
    for _ in range(30):
        browser.press("Tab", 9)
        seen.append(
            browser.run(
                "(e => [e.tagName, e.name || e.id || e.textContent, "
                "getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)])"
                "(document.activeElement)"
            )
        )
        if seen[-1][1] == "contested":
            browser.press("ArrowDown", 40)
            break
    assert all(line[2] != "none" and line[3] >= 2 for line in seen), seen
    assert "contested=strict" in browser.run("location.hash")
    before = browser.run("document.body.dataset.specification")
    browser.run("document.getElementById('walk').focus()")
    browser.press("ArrowRight", 39)
    assert browser.run("document.body.dataset.specification") != before


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_sticks_out_is_pale_or_asks_for_anything(shown, width):
    browser = shown(width, contested="lenient")
    assert browser.audit() == {"pale": [], "wide": [], "nameless": [], "twice": []}
    assert browser.complaints == browser.requests == []


def test_an_address_with_what_is_not_here_says_so(shown, written):
    browser = shown(contested="generous")
    assert "contested=generous" in text(browser, "unknown")
    assert value(browser, "events") == table_of(written).iloc[0]["events"]


def test_the_curve_marks_the_chosen_one_and_can_be_clicked(shown):
    browser = shown(contested="strict")
    marks = "document.querySelectorAll('#curve circle.chosen, #curve circle.usual').length"
    assert browser.run(marks) == 2
    browser.run(
        "(svg => { const box = svg.getBoundingClientRect(); svg.dispatchEvent(new MouseEvent("
        "'click', {clientX: box.right - 12, clientY: box.top + 50, bubbles: true})); })"
        "(document.querySelector('#curve svg'))"
    )
    place = re.search(r"Place (\d+) of (\d+)", text(browser, "standing"))
    assert place[1] == place[2]


def test_a_reading_by_hand_who_left_and_how_they_were_exposed(found):
    first = found.table.iloc[0]
    facts = cm.facts("iraq")
    panel = cm.add_elections(cm.build_panel(facts), window=2)
    events = panel[(panel["event"] == 1) & panel["election_near"].notna()]
    left = found.left[found.left["left"] == first["left"]]
    assert sorted(left["state"]) == sorted(events["state"])
    exposed = set(events.loc[events["election_near"] == 1, "state"])
    assert set(left.loc[left["exposed"] == 1, "state"]) == exposed
    days = facts.members.set_index(["state", "spell"])["exit"]
    for one in left[left["day"] != ""].itertuples():
        assert f"{days[one.state, one.spell]:%Y-%m-%d}" == one.day
    assert first["ratio"] == pytest.approx(np.exp(first["estimate"]))


def test_the_p_of_one_and_of_all_are_counted_by_hand(found):
    z, drawn = found.curve.table["z"].to_numpy(), found.curve.drawn
    for at in (0, 5, 11):
        as_large = sum(not abs(d) < abs(z[at]) * (1 - 1e-9) for d in drawn[:, at])
        assert found.table["p_exchange"].iloc[at] == pytest.approx((1 + as_large) / 20)
    whole = found.joint[found.joint["dimension"] == ""]
    assert whole["p_value"].tolist() == found.curve.joint.table["p_value"].tolist()
    assert set(found.joint["option"]) >= {"strict", "coalition", "6 months around"}


def test_the_part_says_what_was_found_and_writes_the_page(found):
    assert re.search(r"\d+ specifications of elections and exits in Iraq", PART.about(found))
    assert set(PART.files(found)) == {"explorer.html"}
    assert set(PART.product(found).frames) == set(explorer_frames(found))
    kept = pd.read_csv(io.StringIO(found.table.to_csv(index=False)))
    assert kept["ratio"].tolist() == pytest.approx(found.table["ratio"].tolist(), nan_ok=True)


def test_the_command_writes_the_page(found, tmp_path, capsys, monkeypatch):
    from coalition_models.report.parts import explorer

    monkeypatch.setattr(explorer, "explore_iraq", lambda *_, **__: found)
    assert main(["explorer", "--out", str(tmp_path)]) == 0
    assert f"{len(found.table)} specifications" in capsys.readouterr().out
    assert (tmp_path / "tables" / "explorer_left.csv").exists()


@pytest.mark.slow
def test_the_shorter_crossing_is_at_least_a_thousand_and_workers_change_nothing():
    with gathered():
        one = explore("iraq", choices=short_choices("iraq"), draws=9, workers=2)
        two = explore("iraq", choices=short_choices("iraq"), draws=9, workers=1)
    assert len(one.table) == 1296
    for name, frame in explorer_frames(one).items():
        pd.testing.assert_frame_equal(frame, explorer_frames(two)[name])
