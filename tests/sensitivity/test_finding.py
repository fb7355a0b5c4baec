"""One finding put to all parts: what it is made from, and sentences that follow the numbers."""

from __future__ import annotations

import html
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.report.figures.drawn_worlds import (
    information_data,
    plot_information,
    plot_randomised,
    plot_worlds,
    randomised_data,
    worlds_data,
)
from coalition_models.report.finding import SensitivityReport
from coalition_models.report.finding_page import finding_product
from coalition_models.report.part import HEADINGS
from coalition_models.report.parts.sensitivity import PART
from coalition_models.sensitivity import sensitivity_report
from coalition_models.sensitivity.finding import finding_of
from coalition_models.sensitivity.finding_choices import crossing_for
from coalition_models.sensitivity.finding_part import How
from coalition_models.sensitivity.finding_parts import PARTS, look_at, part_named
from coalition_models.sensitivity.finding_told import finding_turns
from coalition_models.sensitivity.finding_words import SAYS, TURNS, opening, ratio_words

#: what keeps all parts of the made-up coalition short
TINY: dict[str, dict[str, Any]] = {
    "curve": {"sample": 3, "draws": 5},
    "leave_out": {"by": ["event"]},
    "fewest_events": {"exact": 1, "most": 2},
    "dates": {"draws": 2, "whose": False},
    "codings": {"draws": 2, "whose": False, "error": (0, 0)},
    "confounding": {"draws": 2, "shares": [(0.5, 0.1)], "strengths": [3.0]},
    "placebos": {"windows": [6], "outcomes": {}, "neighbours": "none"},
    "value_of_information": {"draws": 2, "error": (0, 0)},
}


SPEC = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")


def whole(facts: cm.Facts, **more: Any) -> SensitivityReport:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of so few clusters
        panel = cm.build_panel(facts).pipe(cm.add_elections, window=2)
        return sensitivity_report(SPEC, "election_near", panel=panel, more=TINY, draws=9, **more)


@pytest.fixture(scope="module")
def found(voting: cm.Facts) -> SensitivityReport:
    return whole(voting)


def test_every_part_is_there_or_says_why(found: SensitivityReport) -> None:
    assert list(found.looked) == [part.name for part in PARTS] == list(SAYS)
    assert set(TURNS) < set(SAYS)
    assert set(found.absent) == {"fewest_redated", "missing", "reverse_timing"}
    assert found.absent["missing"] == "needs gaps: no column of the model has a missing value"
    rows = {row[0]: row for row in found.to_table().rows}
    assert list(rows) == list(found.looked)
    for name, why in found.absent.items():
        assert rows[name][1] == f"Not there: {found.finding.in_words(why)}."


def test_parts_give_what_their_own_functions_give(
    voting: cm.Facts, found: SensitivityReport
) -> None:
    one = found.finding
    alone = cm.sensitivity.leave_out(one.spec, one.panel, one.term, by=["event"])
    pd.testing.assert_frame_equal(found.frames["leave_out"], pd.DataFrame(alone))
    drawn = cm.sensitivity.randomise(
        one.spec, one.term, one.facts, features=one.features, options=one.options, draws=9
    )
    assert found.results["randomise"].p_value == drawn.p_value
    assert found.results["e_value"].point == cm.sensitivity.e_value_of(one.fit, one.term).point


def test_the_paragraph_has_every_sentence_once_and_its_numbers(found: SensitivityReport) -> None:
    text, one = found.summary, found.finding
    assert "\n" not in text
    assert text.startswith(opening(one))
    for name, result in found.results.items():
        assert text.count(SAYS[name](result, one)) == 1
    seen = one.found
    assert f"hazard ratio of {np.exp(seen['estimate']):.3g} (95% " in text
    assert f"{seen['exposed_events']:.0f} of the events are exposed" in text
    assert f"{len(found.results['resample'].draws)} samples of the clusters" in text
    assert text.endswith("3 parts could not be had: fewest_redated, missing, reverse_timing.")
    assert finding_turns(one, found.looked) in text


def test_another_fact_makes_other_sentences(voting: cm.Facts, found: SensitivityReport) -> None:
    """One exit is of another kind: everything that counts events says so."""
    members = voting.members
    assert members is not None
    row = members.index[members["exit_kind"] == "early"][0]
    kinds = members["exit_kind"].mask(members.index == row, "mission_end")
    parts = ["leave_out", "fewest_events", "e_value", "randomise", "rosenbaum"]
    other = whole(voting.replace(members=members.assign(exit_kind=kinds)), parts=parts)
    before, after = int(found.finding.found["events"]), int(other.finding.found["events"])
    assert after == before - 1
    assert f"with {before} events in" in found.summary
    assert f"with {after} events in" in other.summary
    for name in parts:
        told = [SAYS[name](one.results[name], one.finding) for one in (found, other)]
        assert told[0] != told[1], name
    assert f"of {after} exits" in other.summary
    assert f"({after} refits)" in other.summary


def test_kept_results_are_gone_on_with_and_those_of_another_finding_refused(
    voting: cm.Facts, found: SensitivityReport, tmp_path: Any
) -> None:
    parts = ["leave_out", "resample"]
    whole(voting, parts=parts, keep=tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(kept) == {"leave_out.jsonl", "resample.jsonl"}
    half = kept["resample.jsonl"]
    (tmp_path / "resample.jsonl").write_bytes(half[: len(half) // 2])
    again = whole(voting, parts=parts, keep=tmp_path)
    assert (tmp_path / "resample.jsonl").read_bytes() == half
    pd.testing.assert_frame_equal(again.frames["resample"], found.frames["resample"])
    with pytest.raises(DataError, match="holds results of something else"):
        whole(voting, parts=parts, keep=tmp_path, seed=2)


def test_a_fit_is_rebuilt_with_what_its_panel_remembers(voting: cm.Facts) -> None:
    panel = cm.build_panel(voting, clock="coalition").pipe(cm.add_elections, window=2)
    spec = SPEC
    made = finding_of(cm.fit(spec, panel), "election_near", panel=panel)
    assert made.facts is voting
    assert made.options["clock"] == "coalition"
    again = made.built(voting)
    assert again["election_near"].equals(panel["election_near"])
    changed = panel.assign(election_near=1 - panel["election_near"])
    alone = finding_of(spec, "election_near", panel=changed)
    assert alone.facts is None
    assert "election_near differs" in alone.fixed
    with pytest.raises(DataError, match="do not give the panel: election_near differs"):
        finding_of(spec, "election_near", panel=changed, facts=voting, features=cm.add_elections)


def test_what_cannot_be_asked_is_refused(voting: cm.Facts) -> None:
    panel = cm.build_panel(voting).pipe(cm.add_elections, window=2)
    spec = SPEC
    fitted = cm.fit(spec, panel)
    wrong = {
        "give panel=": lambda: sensitivity_report(fitted, "election_near"),
        "give the same rows": lambda: sensitivity_report(fitted, "election_near", panel=panel[1:]),
        "is no coefficient": lambda: sensitivity_report(spec, "high", panel=panel),
        "one set of clusters": lambda: sensitivity_report(
            cm.Specification("cox", "event ~ election_near"), "election_near", panel=panel
        ),
        "no part 'curves'": lambda: sensitivity_report(
            spec, "election_near", panel=panel, parts=["curves"]
        ),
        "no part 'datse'": lambda: sensitivity_report(
            spec, "election_near", panel=panel, more={"datse": {}}
        ),
        "a set brings its own": lambda: sensitivity_report(voting, "election_near", panel=panel),
        "go with dimensions": lambda: sensitivity_report(
            spec, "election_near", panel=panel, base=cm.sensitivity.Setting()
        ),
    }
    for words, ask in wrong.items():
        with pytest.raises(DataError, match=words):
            ask()


def test_another_term_keeps_its_formula_over_facts_controls_and_estimators() -> None:
    made = finding_of("unosom2", "recent_exits_12m")
    crossing = crossing_for(made)
    names = [one.name for one in crossing.dimensions]
    assert names[-3:] == ["clock", "controls", "estimator"]
    assert {"exit_date", "wind_up"} <= set(names)
    assert crossing.exchange is None
    first = {one.name: one.labels[0] for one in crossing.dimensions}
    assert crossing.more["where"](first)
    assert not crossing.more["where"](dict.fromkeys(first, "another"))
    how = How(more={"curve": {"where": lambda chosen: chosen == first, "sample": None}})
    (looked,) = look_at(made, how, ["curve"])
    (own,) = looked.result.table["estimate"]
    assert own == pytest.approx(made.found["estimate"], rel=1e-12)


def test_the_words_for_a_ratio() -> None:
    given = [0.0, np.log(2.5), np.inf, -np.inf, np.nan, -30.0]
    assert [ratio_words(one) for one in given] == [
        "1", "2.5", "infinite", "0", "not estimated", "0"
    ]  # fmt: skip
    assert part_named("dates").name == "dates"


def test_the_page_stands_alone_with_paragraph_table_and_pictures(
    found: SensitivityReport, tmp_path: Any
) -> None:
    text = found.html(tmp_path / "finding.html")
    assert (tmp_path / "finding.html").read_text(encoding="utf-8") == text
    assert text == found.html()
    plain = re.sub(r"<[^>]+>", "", text)
    assert html.escape(f"{opening(found.finding)} {found.turns}") in plain
    pictures = finding_product(found.looked).figures
    assert {"dates", "codings", "randomise"} <= set(pictures)
    assert text.count("<svg") == len(pictures)
    assert "@import" not in text
    assert 'src="' not in text
    for name, why in found.absent.items():
        assert html.escape(f"{name}: {found.finding.in_words(why)}.") in plain
    assert "Otherwise in dates: draws 2, whose False." in plain
    assert found._repr_html_().count("<svg") == len(pictures)
    assert found.summary in repr(found)


def test_frames_are_those_of_the_parts(found: SensitivityReport) -> None:
    assert {"dates", "dates_spells", "dates_bounds", "randomise_states"} <= set(found.frames)
    assert len(found.frames["codings"]) == 2
    assert set(finding_product(found.looked, "x_").frames) == {f"x_{n}" for n in found.frames}


def test_pictures_show_their_data(found: SensitivityReport) -> None:
    drawn = found.results["randomise"]
    data = randomised_data(drawn)
    pd.testing.assert_frame_equal(plot_randomised(drawn).data, data)
    assert data["z"].iloc[0] == drawn.z
    assert len(data) == 10
    dates = found.results["dates"]
    data = worlds_data(dates)
    pd.testing.assert_frame_equal(plot_worlds(dates).data, data)
    np.testing.assert_allclose(np.log(data["ratio"].iloc[1:]), dates.draws["estimate"])
    value = found.results["value_of_information"]
    data = information_data(value)
    assert len(data) == len(value.facts)
    if (data["share"] > 0).any():
        pd.testing.assert_frame_equal(plot_information(value).data, data)
    else:
        with pytest.raises(DataError, match="nothing to draw"):
            plot_information(value)
    assert cm.plot.randomised is plot_randomised


def test_the_part_of_the_report_says_what_was_short(found: SensitivityReport) -> None:
    """On another finding, since that on Iraq takes ten seconds; the run of all parts makes it."""
    product = PART.product(found)
    (page,) = PART.pages(found, product)
    headings = [section.heading for section in page.sections]
    assert headings[:3] == ["In short", "What was short in this run", "Part by part"]
    (listing,) = page.sections[1].parts
    assert "dates: draws 2, whose False" in listing.items
    assert listing.items[-1].startswith("all others: 9 draws")
    ((heading, line),) = PART.lines(found)
    assert heading == HEADINGS[2]
    assert line.text.endswith(found.turns[1:])
    assert PART.about(found).endswith(f"put to {len(found.results)} kinds of doubt.")


def test_a_finding_without_an_estimate_is_told_by_its_score(voting: cm.Facts) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # own facts lack most of what a set can hold
        found = sensitivity_report(
            voting, "election_near", parts=["dates", "functional_form", "e_value"], more=TINY
        )
    assert "has no finite hazard ratio (monotone likelihood (separation)" in found.summary
    assert "it has no estimate" in found.summary
    assert "nan" not in found.summary
    assert found.turns == "Nothing turns it in these: dates not known to the day."
    assert set(found.absent) == {"e_value"}


@pytest.mark.slow
def test_all_of_it_on_iraq_at_its_default_length() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = sensitivity_report("iraq", "election_near", workers=2)
    assert set(found.absent) == {"reverse_timing"}
    split = found.results["value_of_information"].split.set_index("source")["share"]
    assert split.notna().all()
    assert split.sum() == pytest.approx(1)
    assert "21 events" in found.summary
