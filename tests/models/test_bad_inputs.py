"""The page docs/bad-inputs.md must be true of this package: every row of its tables is run."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.cli import main
from coalition_models.errors import CoalitionError, CoalitionWarning, DataError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.fit import Fit

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "bad-inputs.md"


def make_panel() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for number in range(48):
        x = rng.normal(size=2)
        for t in range(int(rng.integers(0, 6)), 36):
            x = 0.8 * x + 0.6 * rng.normal(size=2)
            leaves = int(rng.random() < 0.03 * np.exp(0.5 * x[0]))
            rows.append(("iraq", f"S{number:02d}", 1, t, t + 1, leaves, *x))
            if leaves:
                break
    names = ["coalition", "state", "spell", "start", "stop", "event", "risk", "cost"]
    frame = pd.DataFrame(rows, columns=names)
    frame["wall"] = ((frame["event"] == 0) & (frame["risk"] > 0.5)).astype(int)
    return frame


PANEL = make_panel()
F = "event ~ risk + cost"


def put(row: int, **values: float) -> pd.DataFrame:
    data = PANEL.astype(dict.fromkeys(values, float))
    for name, value in values.items():
        data.loc[row, name] = value
    return data


def one_event() -> pd.DataFrame:
    data = PANEL.assign(event=0)
    data.loc[PANEL.index[PANEL["event"] == 1][5], "event"] = 1
    return data


def yearly() -> pd.DataFrame:
    ends = PANEL.groupby("state")["stop"].transform("max")
    late = np.where(PANEL["event"] == 1, np.ceil(PANEL["stop"] / 12) * 12, PANEL["stop"])
    return PANEL.assign(stop=late)[PANEL["stop"] <= ends]


def unseen(model: Callable[..., Fit]) -> Fit:
    data = PANEL.assign(base=np.where(PANEL.index % 2, "north", "south"))
    fit = model("event ~ risk + base", data)
    fit.predict(data.assign(base="overseas"))
    return fit


def small_whole() -> pd.DataFrame:
    return PANEL.assign(risk=(10 * PANEL["risk"]).round().astype("int8"))


def one_row_each() -> pd.DataFrame:
    """One row per state, which spans the event times of others."""
    ends = {"start": "min", "stop": "max", "event": "max", "risk": "first", "cost": "first"}
    whole = PANEL.groupby(["coalition", "state", "spell"], as_index=False).agg(ends)
    return whole.assign(dur=whole["stop"], log_dur=np.log(whole["stop"]))


def numbered(model: Callable[..., Fit]) -> Fit:
    """Fit to a category of numbers, and predict for the numbers themselves."""
    data = PANEL.assign(k=PANEL.index % 3 + 1)
    fit = model("event ~ k + cost", data.astype({"k": "category"}))
    coded = model("event ~ C(k) + cost", data)
    np.testing.assert_allclose(fit.predict(data), coded.predict(data))
    return fit


def unseen_behind(model: Callable[..., Fit]) -> Fit:
    data = PANEL.assign(k=PANEL.index % 6)
    fit = model("event ~ C(k // 2)", data)
    fit.predict(data.assign(k=99))
    return fit


def with_cell(row: int, name: str, value: object) -> pd.DataFrame:
    data = PANEL.astype({name: object})
    data[name] = [value if at == row else old for at, old in data[name].items()]
    return data


def joint_test(model: Callable[..., Fit]) -> str:
    letters = np.random.default_rng(0).choice(list("abcdef"), len(PANEL))
    third = PANEL["state"].str[1:].astype(int) % 3
    fit = model("event ~ risk + letter", PANEL.assign(letter=letters, third=third), cluster="third")
    return fit.test_terms().to_string()


def wars_apart(model: Callable[..., Fit]) -> Fit:
    """Two wars fifty years apart as strata, the year as covariate; the error is R's."""
    wars = pd.DataFrame({
        "war": ["korea"] * 6 + ["iraq"] * 6, "start": 0, "stop": [1, 2, 3, 4, 5, 6] * 2, "event": 1,
        "year": [1954, 1955, 1954, 1952, 1953, 1952, 2004, 2006, 2005, 2004, 2003, 2003],
        "cl": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    })  # fmt: skip
    for rows in (wars, wars[::-1]):
        fit = model("event ~ year", rows, strata="war", cluster="cl")
        assert fit.std_errors[0] == pytest.approx(0.48143, abs=5e-6)
    return fit


def fixed_values(formula: str) -> Case:
    """Survival for fixed values is that of the same model with the clock outside."""

    def run(model: Callable[..., Fit]) -> Fit:
        data = PANEL.assign(t=PANEL["stop"] - 1, t2=(PANEL["stop"] - 1) ** 2)
        outside = logit("event ~ risk + stop2", data.assign(stop2=data["t2"]), time="linear")
        fit = model(formula, data)
        found, expected = (
            predict_survival(one, {"risk": 0.0}, times=[6, 24, 36]).table["survival"]
            for one in (fit, outside)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        return fit

    return run


def firth_far(model: Callable[..., Fit]) -> Fit:
    plain, far = (
        model(F, PANEL.assign(risk=PANEL["risk"] * by), penalty="firth") for by in (1, 1e9)
    )
    np.testing.assert_allclose(far.std_errors * [1, 1e9, 1], plain.std_errors, rtol=1e-6)
    return far


def thinned() -> pd.DataFrame:
    keys = ["coalition", "state", "spell", "year"]
    return PANEL.assign(year=PANEL["stop"] // 12).groupby(keys, as_index=False).last()


Case = Callable[[Callable[..., Fit]], object]
CASES: dict[str, Case] = {
    "plain monthly rows": lambda m: m(F, PANEL, cluster="state"),
    "many events at one time": lambda m: m(F, yearly(), cluster="state"),
    "gaps in a member's rows": lambda m: m(F, PANEL.drop(index=[1, 2]), cluster="state"),
    "time in years as month / 12": lambda m: m(
        F, PANEL.assign(start=PANEL["start"] / 12, stop=PANEL["stop"] / 12), cluster="state"
    ),
    "negative times": lambda m: m(
        F, PANEL.assign(start=PANEL["start"] - 50, stop=PANEL["stop"] - 50), cluster="state"
    ),
    "covariate times 1e8": lambda m: m(F, PANEL.assign(risk=PANEL["risk"] * 1e8)),
    "covariate plus 1e8": lambda m: m(F, PANEL.assign(risk=PANEL["risk"] + 1e8)),
    "separated term": lambda m: m("event ~ cost + wall", PANEL, cluster="state"),
    "separated term, fit asked for": lambda m: m(
        "event ~ cost + wall", PANEL, cluster="state", allow_nonconvergence=True
    ),
    "separated term, Firth penalty": lambda m: m("event ~ cost + wall", PANEL, penalty="firth"),
    "one event, two terms": lambda m: m(F, one_event()),
    "no event": lambda m: m(F, PANEL.assign(event=0)),
    "constant covariate": lambda m: m("event ~ risk + flat", PANEL.assign(flat=1)),
    "collinear covariates": lambda m: m(
        "event ~ risk + twin", PANEL.assign(twin=2 * PANEL["risk"])
    ),
    "nearly collinear covariates (1e-9)": lambda m: m(
        "event ~ risk + twin", PANEL.assign(twin=PANEL["risk"] + 1e-9 * PANEL["cost"])
    ),
    "missing covariate": lambda m: m(F, put(4, risk=np.nan)),
    "missing event": lambda m: m(F, put(4, event=np.nan)),
    "event coded 1 and 2": lambda m: m(F, PANEL.assign(event=PANEL["event"] + 1)),
    "event coded 0 and 2": lambda m: m(F, PANEL.assign(event=PANEL["event"] * 2)),
    "event as True and False": lambda m: m(F, PANEL.assign(event=PANEL["event"] == 1)),
    "start equal to stop": lambda m: m(F, put(4, start=PANEL.loc[4, "stop"])),
    "start after stop": lambda m: m(F, put(4, start=99)),
    "overlapping rows of one member": lambda m: m(F, put(4, start=PANEL.loc[4, "start"] - 0.5)),
    "the same row twice": lambda m: m(F, pd.concat([PANEL, PANEL.iloc[[4]]], ignore_index=True)),
    "infinite covariate": lambda m: m(F, put(4, risk=np.inf)),
    "one cluster": lambda m: m(F, PANEL, cluster="coalition"),
    "few clusters": lambda m: m(F, PANEL[PANEL["state"] < "S20"], cluster="state"),
    "a category unseen when predicting": unseen,
    "a column that is not there": lambda m: m("event ~ rsk", PANEL),
    "a square of one-byte integers": lambda m: m("event ~ risk + I(risk**2)", small_whole()),
    "`I(k^2)` of whole numbers": lambda m: m("event ~ k + I(k^2)", PANEL.assign(k=PANEL.index % 5)),
    "a sum of two flags": lambda m: m(
        "event ~ I(f + g)", PANEL.assign(f=PANEL["risk"] > 0, g=PANEL["cost"] > 0)
    ),
    "`x^2` without `I()`": lambda m: m("event ~ risk^2", PANEL),
    "the rows' own end in an interaction": lambda m: m("event ~ risk + risk:stop", one_row_each()),
    "a copy of the rows' own end in an interaction": lambda m: m(
        "event ~ risk + risk:dur", one_row_each()
    ),
    "the logarithm of the rows' own end as offset": lambda m: m(
        "event ~ risk", one_row_each(), offset="log_dur"
    ),
    "the event among the terms": lambda m: m("event ~ risk + event", PANEL),
    "the event as strata or weights": lambda m: m("event ~ risk", PANEL, weights="event"),
    "a median inside the formula": lambda m: m("event ~ I(risk > risk.median()) + cost", PANEL),
    "a lag inside the formula": lambda m: m("event ~ lag(risk)", PANEL),
    "a formula that runs a program": lambda m: m("event ~ risk + open('x', 'w')", PANEL),
    "a category of numbers, numbers when predicting": numbered,
    "an unseen category behind a function": unseen_behind,
    "numbers among words in one column": lambda m: m(
        "event ~ v",
        PANEL.assign(v=pd.Series([1, "n/a"] * (len(PANEL) // 2 + 1), dtype=object)[: len(PANEL)]),
    ),
    "a list in a cell": lambda m: m(F, with_cell(4, "risk", [1, 2])),
    "event as words 0 and 1": lambda m: m(F, PANEL.assign(event=PANEL["event"].astype(str))),
    "times of 1e9, one apart": lambda m: m(
        F, PANEL.assign(start=PANEL["start"] + 1e9, stop=PANEL["stop"] + 1e9)
    ),
    "a stratum that is missing": lambda m: m(
        F, PANEL.assign(layer=np.where(PANEL.index == 4, np.nan, PANEL.index % 2)), strata="layer"
    ),
    "fewer clusters than dummies of a term, joint test": joint_test,
    "strata whose hazards lie e^50 apart": wars_apart,
    "rows thinned out of shorter ones": lambda m: m(F, thinned()),
}
#: cases of discrete-time models only
TIMED: dict[str, Case] = {
    "time under another name (`t`, `t2`), survival for fixed values": fixed_values(
        "event ~ risk + t + t2"
    ),
    "time in the formula, survival for fixed values": fixed_values(
        "event ~ risk + stop + I((stop - 1)**2)"
    ),
    "covariate times 1e9, Firth penalty": firth_far,
}


def members(**changes: object) -> pd.DataFrame:
    table = pd.DataFrame({
        "coalition": "mali", "state": ["DEU", "BEL"], "cow": [255, 211], "spell": 1,
        "entry": ["2013-02-01"] * 2, "exit": ["2013-11-20", "2014-05-10"], "exit_kind": "early",
    })  # fmt: skip
    for name, value in changes.items():
        table[name] = pd.Series([value, table[name].iloc[1]], dtype=object)
    return table


def coalition(**changes: object) -> pd.DataFrame:
    return pd.DataFrame({
        "coalition": ["mali"], "start": ["1985-01-11"], "mandate_end": ["2014-12-31"],
        "lead_state": ["FRA"],
    }).assign(**changes)  # fmt: skip


def built(table: pd.DataFrame | None = None, **options: Any) -> pd.DataFrame:
    options = {"coalitions": coalition(), **options}
    return cm.build_panel(members() if table is None else table, **options)


def iraq(**options: Any) -> pd.DataFrame:
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"], **options)


def late(**options: Any) -> str:
    """A panel in which nobody left by its last day, and what it says of it."""
    panel = built(**options)
    assert panel["event"].sum() == 0
    return str(cm.record_of(panel).panel["notes"])


def named_iraq() -> str:
    table = members().assign(
        coalition="iraq", entry="2003-05-01", exit=["2004-02-01", "2005-02-01"]
    )
    troops = pd.DataFrame({"coalition": "iraq", "cow": [255, 211, 200], "troops": 5,
                           "date": "2003-06-01"})  # fmt: skip
    lead = table.iloc[[0]].assign(state="GBR", cow=200, exit_kind="leader", exit="2005-03-01")
    table = pd.concat([table, lead], ignore_index=True)
    own = cm.Facts(
        members=table,
        troops=troops,
        coalitions=coalition(
            coalition="iraq", start="2003-03-20", mandate_end="2008-12-31", lead_state="GBR"
        ),
    )
    out = cm.add_contagion(cm.build_panel(own))
    return f"earlier_defectors at most {out['earlier_defectors'].max():g}"


def merged(how: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    panel = iraq()
    panel = how(panel, pd.DataFrame({"state": panel["state"].unique(), "mine": 1}), on="state")
    return cm.add_elections(panel)


def thinned_panel() -> pd.DataFrame:
    panel = iraq()
    keys = ["coalition", "state", "cow", "spell", "year"]
    years = panel.assign(year=panel["period"].dt.year).groupby(keys, as_index=False).last()
    years.attrs = dict(panel.attrs)
    return cm.add_casualties(years)


def sparse() -> str:
    days = pd.to_datetime(["2007-03-31", "2008-01-31", "2008-09-30", "2009-02-28", "2010-01-31"])
    levels = pd.DataFrame({"coalition": "un", "state": np.repeat(["NGA", "GHA"], 5), "troops": 5,
                           "cow": np.repeat([475, 452], 5), "date": [*days, *days]})  # fmt: skip
    spells = cm.spells_from_levels(levels)
    assert not (spells["exit_kind"] == "early").any()
    return ""


def named(renamed: Mapping[str, str]) -> pd.DataFrame:
    levels = pd.DataFrame({"coalition": list("ABC"), "state": "POL", "cow": 290, "troops": 5,
                           "date": pd.date_range("2008-01-31", periods=3, freq="ME")})  # fmt: skip
    return cm.spells_from_levels(levels, renamed=renamed)


def two_names() -> pd.DataFrame:
    both = pd.concat([members().iloc[[0]]] * 2, ignore_index=True)
    return built(
        both.assign(
            state=["SCG", "SRB"],
            cow=345,
            entry=["2006-02-01", "2006-03-01"],
            exit="2006-06-01",
            spell=[1, 2],
        )
    )


def empty_dates() -> pd.DataFrame:
    for empty in (None, np.nan, pd.NaT):
        going_on = members().assign(exit=empty, exit_kind="ongoing", announced=empty)
        built(going_on, coalitions=coalition(mandate_end=empty), until="2014-06-30")
    return built()


def deaths_before() -> str:
    dead = pd.DataFrame({"coalition": "iraq", "cow": [325], "date": "2002-06-15", "deaths": 9})
    known = cm.facts("iraq").replace(deaths=dead, coverage={"iraq": ("2003-01", "2009-12")})
    out = cm.add_casualties(iraq(), facts=known)
    assert out["deaths_cumulative"].max() == 0
    left_out = cm.record_of(out).features["deaths_cumulative"]["rows_outside_coverage"]
    return f"{left_out} row of deaths outside their coverage"


def big_endian() -> pd.DataFrame:
    table = members().assign(cow=np.array([255, 211], dtype=">i4"))
    panel = built(table)
    return cm.add_elections(panel.assign(cow=panel["cow"].to_numpy().astype(">i8")), facts=None)


def mixed_panel() -> pd.DataFrame:
    quarters = cm.build_panel(cm.load("participation"), coalitions=["isaf"], period="quarter")
    return pd.concat([iraq(), quarters], ignore_index=True)


def plain_fit() -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cox(F, PANEL)


def command(*words: str) -> str:
    """Run the command line; what it refuses is its error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(list(words))
    if code:
        raise DataError(said.getvalue())
    return said.getvalue()


def checked(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return command("data", "validate", "--file", str(path), "--as", "troops")


def troops_csv(*rows: str, leave_out: str = "") -> str:
    header = [name for name in cm.load("troops").columns if name != leave_out]
    return "\n".join([",".join(header), *rows]) + "\n"


def into_a_file(folder: Path) -> str:
    (folder / "out").mkdir()
    (folder / "out" / "tables").write_text("a file", encoding="utf-8")
    return command("reproduce", "--sources", "bundled", "--out", str(folder / "out"))


def shifted_rows() -> str:
    row = cm.load("troops").head(1).to_csv(index=False, header=False).strip()
    return troops_csv(f"{row},more")


PANELS: dict[str, Callable[[Path], object]] = {
    "years labelled by their last day": lambda _: cm.add_casualties(
        iraq(period="year").assign(period=lambda d: d["period"] + pd.offsets.YearEnd(0))
    ),
    "months as text, after a file": lambda _: cm.add_elections(
        iraq().assign(period=lambda d: d["period"].astype(str))
    ),
    "months and quarters in one panel": lambda _: cm.add_elections(
        mixed_panel(), facts=cm.facts("iraq")
    ),
    "months and quarters in one model": lambda _: cox(
        "event ~ near", mixed_panel().assign(near=lambda d: np.arange(len(d)) % 5)
    ),
    "yearly rows that remember months": lambda _: thinned_panel(),
    "a panel after a plain merge": lambda _: merged(pd.merge),
    "the same merge by `cm.merge`": lambda _: merged(cm.merge),
    "a coalition of one's own, casualties without deaths": lambda _: cm.add_casualties(built()),
    "a coalition of one's own under a bundled name": lambda _: named_iraq(),
    "exit after `until`, within its period": lambda _: late(until="2013-11-10"),
    "exit after the mandate, within its year": lambda _: late(
        coalitions=coalition(mandate_end="2013-09-30"), period="year"
    ),
    "empty date columns, as None, NaN or NaT": lambda _: empty_dates(),
    "dates as text in the order year-month-day": lambda _: built(),
    "`03/04/2013` as a date": lambda _: built(members(exit="03/04/2013")),
    "`2019-13-01` as a date": lambda _: built(members(exit="2019-13-01")),
    "an exit in the year 9999": lambda _: built(members(exit="9999-12-31")),
    "exit some days before entry": lambda _: built(members(entry="2013-02-15", exit="2013-02-10")),
    "SCG and SRB at once": lambda _: two_names(),
    "SUN to 1995": lambda _: built(
        members(state="SUN", cow=365, entry="1989-02-01", exit="1995-12-01")
    ),
    "SUN ongoing to 1995": lambda _: built(
        members(state="SUN", cow=365, entry="1989-02-01", exit=None, exit_kind="ongoing"),
        coalitions=coalition(mandate_end="1995-12-31"),
    ),
    "lead_state UKG": lambda _: built(coalitions=coalition(lead_state="UKG")),
    "start after mandate_end": lambda _: built(coalitions=coalition(start="2015-01-01")),
    "a list in a cell of members": lambda _: built(members(state=["DEU"])),
    "two columns of one name": lambda _: built(pd.concat([members(), members()[["exit"]]], axis=1)),
    "`coalitions=[]`": lambda _: built(coalitions=[]),
    '`renamed={"A": "B", "B": "A"}`': lambda _: named({"A": "B", "B": "A"}),
    '`renamed={"AA": "B"}` without AA': lambda _: named({"AA": "B"}),
    "a sparse list of strengths": lambda _: sparse(),
    "`lag=10_000`": lambda _: cm.add_capability(iraq(), lag=10_000),
    "`windows=[10**12]`": lambda _: cm.add_contagion(iraq(), windows=[10**12]),
    "`half_life=10**400`": lambda _: cm.add_casualties(iraq(), half_life=10**400),
    "`window=0` in `add_leadership`": lambda _: cm.add_leadership(iraq(), window=0),
    "`points=0` in `add_regime`": lambda _: cm.add_regime(iraq(), points=0),
    "a column of one's own under a builder's name": lambda _: cm.add_commitment(
        iraq().assign(troops=1.0)
    ),
    "deaths before the coverage begins": lambda _: deaths_before(),
    '`period="month"` on quarters in `panel_events`': lambda _: cm.panel_events(
        iraq(period="quarter"),
        cm.code_defections(cm.facts("iraq").members, rule="tago-2009"),
        period="month",
    ),
    "a profile of another coalition": lambda _: cm.code_defections(
        cm.facts("iraq").members, cm.operational_profile(cm.facts("rsm").members)
    ),
    "big-endian columns": lambda _: big_endian(),
    "leaders of two offices as facts": lambda _: cm.Facts(leaders=cm.load("leaders")),
    "`cm.table({})`": lambda _: cm.table({}),
    '`cm.table({"a": 1})`': lambda _: cm.table({"a": 1}),
    "fits and curves in one `plot.survival`": lambda _: cm.plot.survival(
        [plain_fit(), cm.survival_curve(PANEL)]
    ),
    '`test_hypotheses(panel, outcome="nonsense")`': lambda _: cm.test_hypotheses(
        iraq(), ["H02"], outcome="nonsense"
    ),
    "event as text in `test_hypotheses`": lambda _: cm.test_hypotheses(
        iraq().assign(event=lambda d: d["event"].astype(str)), ["H02"]
    ),
    "`plot.participation` without any exit": lambda _: cm.plot.participation(
        members().assign(exit=None, exit_kind="ongoing")
    ),
    "another formula's outcome in `compare_rules`": lambda _: cm.compare_rules(
        ["tago-2009"], "iraq", formula="combat_role ~ deaths_12m"
    ),
    "a file `t.zip` that is no zip": lambda folder: checked(folder, "t.zip", "a,b\n1,2\n"),
    "a CSV with a field too many": lambda folder: checked(folder, "mine.csv", shifted_rows()),
    "a CSV of troops without troops": lambda folder: checked(
        folder, "mine.csv", troops_csv(leave_out="troops")
    ),
    "a CSV with a header only": lambda folder: checked(folder, "mine.csv", troops_csv()),
    "results into a folder where a file stands": into_a_file,
}


def rows_of(heading: str) -> list[tuple[str, str]]:
    """First and last cell of each row of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return [(row[0], row[-1]) for row in cells[2:]]


def outcome(case: Callable[[], object], plain: str = "fitted") -> tuple[str, str]:
    """What the package does, in the page's words, and every message it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            made = case()
        except CoalitionError as problem:
            return "refused", str(problem)
    said = [str(w.message) for w in caught if issubclass(w.category, CoalitionWarning)]
    assert len(said) == len(caught)
    return ("warned" if said else plain), "\n".join([*said, str(made)])


@pytest.mark.parametrize(("name", "claim"), rows_of("Cox regression"))
def test_cox(name, claim):
    check(name, claim, outcome(lambda: CASES[name](cox)))


@pytest.mark.parametrize(("name", "claim"), rows_of("Discrete-time logit"))
def test_logit(name, claim):
    def model(formula: str, data: pd.DataFrame, **choices: Any) -> Fit:
        return logit(formula, data, time=None, **choices)

    check(name, claim, outcome(lambda: {**CASES, **TIMED}[name](model)))


@pytest.mark.parametrize(("name", "claim"), rows_of("Panels, tables and files"))
def test_panels_tables_and_files(name, claim, tmp_path):
    check(name, claim, outcome(lambda: PANELS[name](tmp_path), "done"))


def check(name: str, claim: str, found: tuple[str, str]) -> None:
    done, said = found
    assert claim.startswith(done), f"{name}: the page says {claim!r}, but it is {done}: {said}"
    for words in re.findall(r"`([^`]+)`", claim):
        assert words in said


def test_no_case_is_missing_from_the_page():
    assert {name for name, _ in rows_of("Cox regression")} == set(CASES)
    assert set(TIMED) <= {name for name, _ in rows_of("Discrete-time logit")}
    assert {name for name, _ in rows_of("Panels, tables and files")} == set(PANELS)


def test_what_is_fitted_is_right():
    """Cases that only change units or labels leave the fit as it was."""
    plain = CASES["plain monthly rows"](cox)
    for name, factor in (
        ("time in years as month / 12", 1),
        ("negative times", 1),
        ("covariate times 1e8", 1e8),
        ("covariate plus 1e8", 1),
        ("event as True and False", 1),
    ):
        fit = CASES[name](cox)
        assert fit.coefficients[0] * factor == pytest.approx(plain.coefficients[0], rel=1e-6)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


def test_no_small_robust_error_for_an_infinite_coefficient():
    with pytest.warns(CoalitionWarning, match="infinite"):
        fit = CASES["separated term, fit asked for"](cox)
    tidy = fit.tidy().set_index("term")
    assert np.isnan(tidy.loc["wall", ["std_error", "statistic", "p_value"]].astype(float)).all()
