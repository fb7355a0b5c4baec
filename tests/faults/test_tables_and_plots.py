"""What is shown is short, names things in full, and says what it takes for granted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(scope="module")
def led():
    return cm.add_leadership(cm.add_elections(cm.build_panel(cm.facts("iraq"))))


@pytest.fixture(scope="module")
def fit(led):
    return cm.cox("event ~ election_near + leader_change", led, cluster="state")


@pytest.mark.parametrize(
    "make",
    [
        lambda panel, fit: {"Cox": fit},
        lambda panel, fit: {"a": fit, "b": cm.logit("event ~ leader_change", panel)},
        lambda panel, fit: [fit, fit],
        lambda panel, fit: fit,
    ],
    ids=["the README's", "of two estimators", "a list", "one fit"],
)
def test_tables_and_pictures_take_what_the_other_takes(led, fit, make):
    given = make(led, fit)
    names = list(given) if isinstance(given, dict) else None
    table, plot = cm.table(given), cm.plot.coefficients(given)
    assert names is None or list(table.header) == ["", *names]
    assert names is None or list(dict.fromkeys(plot.data["fit"])) == names
    for text in (table.markdown(), table.latex(), table._repr_html_(), str(table)):
        assert "leader_change" in text.replace("\\_", "_")
    assert "Table(" not in repr(table)


SHOWN = {
    "Cox": lambda p: cm.cox("event ~ leader_change", p).engine,
    "Firth": lambda p: cm.cox("event ~ leader_change", p, penalty="firth").engine,
    "logit": lambda p: cm.logit("event ~ leader_change", p).engine,
    "cloglog": lambda p: cm.logit("event ~ leader_change", p, link="cloglog").engine,
}


@pytest.mark.parametrize("kind", SHOWN)
def test_an_engine_shows_itself_in_a_line(led, kind):
    text = repr(SHOWN[kind](led))
    assert text.startswith("<")
    assert "1642 rows" in text
    assert len(text) < 60


@pytest.mark.parametrize(
    "make",
    [
        lambda p, f: cm.simulate_power(p, "leader_change", 2.0, draws=2, seed=1),
        lambda p, f: cm.check_ph(f),
        lambda p, f: cm.survival_curve(p),
        lambda p, f: cm.predict_survival(f, {"leader_change": [0, 1]}),
        lambda p, f: cm.cite(f),
    ],
    ids=["power", "hazards", "curve", "prediction", "citation"],
)
def test_results_show_no_insides(led, fit, make):
    found = make(led, fit)
    for text in (repr(found), str(found)):
        assert "array(" not in text
        assert "dtype=" not in text
        assert "=<" not in text
        assert len(text.splitlines()) < 60
    assert "<" in found._repr_html_()


class TestHeldLongerThanSeen:
    """A change of leader drawn for 68 months, which lasts for six."""

    def test_a_flag_that_lasts_for_months(self, fit, led):
        notes = " ".join(cm.predict_survival(fit, {"leader_change": [0, 1]}).notes)
        flags = led["leader_change"].eq(1)
        run = (~flags | (led["spell"].ne(led["spell"].shift()))).cumsum()
        longest = int(flags.groupby([led["state"], run]).sum().max())
        assert f"leader_change = 1 for 68, at most {longest} at a stretch" in notes
        assert "leader_change = 0" not in notes

    @pytest.mark.parametrize("width", [3, 5, 11])
    @pytest.mark.parametrize("model", [cm.cox, cm.logit])
    def test_of_own_data(self, width, model):
        rng = np.random.default_rng(width)
        rows = [
            (member, t, t + 1, int(20 <= t < 20 + width or rng.random() < 0.02), member % 2)
            for member in range(40)
            for t in range(int(rng.integers(35, 60)))
        ]
        data = pd.DataFrame(rows, columns=["id", "start", "stop", "alarm", "side"])
        data["event"] = (~data.duplicated("id", keep="last")).astype(int)
        options = {} if model is cm.cox else {"time": "linear"}
        fitted = model("event ~ alarm + side", data, id="id", penalty="firth", **options)
        found = cm.predict_survival(fitted, {"alarm": [0, 1], "side": [0, 1]})
        (note,) = [n for n in found.notes if n.startswith("Held longer")]
        span = found.table["time"].max()
        for value in (0, 1):
            longest = max(stretches(data, value))
            told = f"alarm = {value} for {span:g}, at most {longest} at a stretch"
            assert (told in note) == (2 * longest < span)
        # a member's side never changes
        assert "side" not in note


def stretches(data, value):
    """Lengths of the runs of a value in the rows of each member, which have no gaps."""
    for _, rows in data.groupby("id"):
        run = 0
        for now in rows["alarm"]:
            run = run + 1 if now == value else 0
            yield run


@pytest.mark.parametrize("values", [[1], [0, 1], np.array([1, 0])])
def test_a_picture_of_scenarios_says_it_too(fit, values):
    plot = cm.plot.survival(fit, {"leader_change": values})
    (note,) = [n for n in cm.predict_survival(fit, {"leader_change": 1}).notes if "Held lo" in n]
    assert plot.figure.get_supxlabel().replace("\n", " ") == note
    assert plot.to_bytes("png")
    assert cm.plot.survival(fit, {"leader_change": 0}).figure.get_supxlabel() == ""


def test_a_path_that_changes_needs_no_remark(led, fit):
    path = led.query("state == 'POL'")
    notes = cm.predict_survival(fit, path).notes
    assert not any("Held longer" in note for note in notes)
