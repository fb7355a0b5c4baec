"""The page for users of R and Stata: every line of it runs, and every verb is on it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "from-r-and-stata.md").read_text()
LINES = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line][1:]
HERE = [part for line in LINES for part in re.findall(r"`([^`]+)`", line.split(" | ")[-1])]

#: verbs of R and of Stata that everyone looks for
THEIRS = """
    coxph survreg survfit survdiff finegray glm cox.zph marginaleffects stcox streg stcrreg
    stsplit margins
"""
OURS = """
    logit probit cloglog parametric cause_specific fine_gray cumulative_incidence multinomial
    multistate state_occupancy interval_censored cure repeated_events frailty logrank
    survival_curve marginal_effects linear_combination lr_test split_rows merge_changes
    adjusted_survival expected_duration load_fit predict_survival exit_probability
    compare_estimators compare_distributions conditional_logit random_intercept check_ph
"""


class _Shop:
    """What the lines of the page speak of, made once."""

    def __init__(self, folder: Path) -> None:
        made = cm.simulate_panel(members=60, coefficients={"x": 0.6, "z": 0.2}, seed=1)
        x = made["x"].round(1)
        number = pd.factorize(made["state"])[0]
        kind = np.where(made["event"] == 1, 1 + number % 2, 0)
        self.folder = folder
        self.panel = made.assign(
            x=x, g=number % 2, kind=kind, a=made["state"], b=made["start"] % 7, s=number % 3,
            last=made["start"] + 0.5, seen=(made["start"] - 2).clip(lower=0),
            risk=x.groupby(made["state"]).transform("first"),
        )  # fmt: skip
        self.rows = self.panel.assign(**{"from": "in", "to": np.where(kind == 0, "in", "out")})
        self.short = self.panel[self.panel["stop"] <= 12]
        last = self.panel.sort_values("stop").groupby("state").last()
        self.early = str(last.loc[last["event"] == 0, "stop"].idxmin())
        # what went on after an event of half the states
        again = self.panel[self.panel["state"] < "S30"]
        self.again = pd.concat([again, again.assign(start=again["start"] + 100,
                                                    stop=again["stop"] + 100)])  # fmt: skip
        rng = np.random.default_rng(1)
        time = np.where(rng.random(300) < 0.5, 10 * rng.weibull(1.5, 300), np.inf)
        self.split = pd.DataFrame({"start": 0.0, "stop": np.minimum(time, 40.0),
                                   "event": (time < 40).astype(int),
                                   "x": rng.normal(size=300)})  # fmt: skip
        self.changes = pd.DataFrame({"state": ["S01"], "coalition": ["sim01"], "spell": [1],
                                     "time": [2.0], "rank": [1.0]})  # fmt: skip
        self.fit = cm.cox("event ~ x + z", self.panel)
        self.logit = cm.logit("event ~ x + z", self.panel)
        self.causes = cm.cause_specific("kind ~ x", self.panel)

    def model(self, verb=cm.cox, **options):
        return verb("event ~ x", self.panel, **options)

    def saved(self):
        self.fit.save(self.folder / "one.fit", self.panel)
        return cm.load_fit(self.folder / "one.fit")

    def curve(self):
        return cm.survival_curve(self.panel, "g")


RUN = {
    'cm.cox("event ~ x", panel)': lambda s: s.model(),
    'convention="stata"': lambda s: s.model(convention="stata"),
    'cm.cox(..., ties="exact")': lambda s: s.model(ties="exact"),
    "cm.repeated_events(rows, kind)": lambda s: cm.repeated_events(s.again, "total"),
    'cm.cox(strata="episode", cluster=)': lambda s: cm.cox(
        "event ~ x", cm.repeated_events(s.again, "total"), strata="episode", cluster="state"
    ),
    'strata="s"': lambda s: s.model(strata="g"),
    'cluster="c"': lambda s: s.model(cluster="a"),
    'offset="o"': lambda s: s.model(offset="z"),
    'tt(x, "log")': lambda s: cm.cox('event ~ x + tt(x, "log")', s.short),
    'penalty="firth"': lambda s: s.model(penalty="firth"),
    'cm.logit(..., penalty="flic")': lambda s: s.model(cm.logit, penalty="flic"),
    'penalty="flac"': lambda s: s.model(cm.logit, penalty="flac"),
    'cm.logit(..., prior="log-F(1, 1)")': lambda s: s.model(cm.logit, prior="log-F(1, 1)"),
    "cm.cox": lambda s: s.model(prior="log-F(1, 1)"),
    '"t(7, 2.5)"': lambda s: s.model(cm.logit, prior="t(7, 2.5)"),
    '"normal(1)"': lambda s: s.model(prior="normal(1)"),
    'cm.logit(..., penalty="relogit")': lambda s: s.model(cm.logit, penalty="relogit"),
    "population_share=": lambda s: s.model(cm.logit, population_share=0.01),
    'correction="prior"': lambda s: s.model(cm.logit, population_share=0.01, correction="prior"),
    '"weights"': lambda s: s.model(
        cm.logit, population_share=0.01, correction="weights", variance="robust"
    ),
    "cm.logit": lambda s: s.model(cm.logit),
    "cm.probit": lambda s: s.model(cm.probit),
    "cm.cloglog": lambda s: s.model(cm.cloglog),
    "time=": lambda s: s.model(cm.logit, time="linear"),
    "cluster=": lambda s: s.model(cluster="state"),
    'variance="jackknife"': lambda s: s.model(cluster="state", variance="jackknife"),
    'cluster=["a", "b"]': lambda s: s.model(cluster=["a", "b"]),
    'cm.inference.wild_score(fit, "x")': lambda s: cm.inference.wild_score(
        s.model(cluster="state"), "x", draws=99
    ),
    'cm.parametric("event ~ x", panel, distribution=)': lambda s: s.model(
        cm.parametric, distribution="gompertz"
    ),
    'cm.compare_distributions("event ~ x", panel)': lambda s: s.model(
        cm.compare_distributions, distributions=["weibull", "exponential"]
    ),
    "cm.parametric(..., last_seen=)": lambda s: s.model(cm.parametric, last_seen="last"),
    "cm.interval_censored(..., last_seen=)": lambda s: s.model(
        cm.interval_censored, last_seen="seen"
    ),
    'cm.fine_gray("kind ~ x", panel, cause=)': lambda s: cm.fine_gray(
        "kind ~ risk", s.panel, cause=1
    ),
    'cm.cause_specific("kind ~ x", panel)': lambda s: s.causes,
    "cm.compare_causes(fit)": lambda s: cm.compare_causes(s.causes),
    "cm.predict_incidence(fit, values)": lambda s: cm.predict_incidence(s.causes, {"x": 0.0}),
    'cm.multistate("to ~ x", rows)': lambda s: cm.multistate("to ~ x", s.rows),
    'cm.cumulative_incidence(panel, "kind", "g")': lambda s: cm.cumulative_incidence(
        s.panel, "kind", "g"
    ),
    ".test()": lambda s: cm.cumulative_incidence(s.panel, "kind", "g").test(),
    "cm.state_occupancy(rows)": lambda s: cm.state_occupancy(s.rows),
    "cm.conditional_logit": lambda s: s.model(cm.conditional_logit),
    "cm.random_intercept": lambda s: s.model(cm.random_intercept, time=None),
    "cm.frailty": lambda s: s.model(cm.frailty, group="b"),
    'cm.multinomial("kind ~ x", panel)': lambda s: cm.multinomial("kind ~ x", s.panel),
    'cm.cure("event ~ x", panel, at_risk=)': lambda s: cm.cure("event ~ x", s.split, starts=2),
    'cm.survival_curve(panel, "g")': lambda s: s.curve(),
    ".at_risk(times)": lambda s: s.curve().at_risk([6]),
    ".quantiles()": lambda s: s.curve().quantiles(),
    ".restricted_mean()": lambda s: s.curve().restricted_mean(12),
    "cm.incidence_rates(panel)": lambda s: cm.incidence_rates(s.panel),
    "cm.predict_survival(fit, paths)": lambda s: cm.predict_survival(s.fit, {"x": [0, 1]}),
    'cm.exit_probability(fit, panel, "S01", 6)': lambda s: cm.exit_probability(
        s.fit, s.panel, s.early, 6
    ),
    'cm.logrank(panel, "g", strata=, trend=)': lambda s: cm.logrank(
        s.panel, "g", strata="s", trend=True
    ),
    "cm.split_rows(panel, at=)": lambda s: cm.split_rows(s.panel, at=[6]),
    "events=True": lambda s: cm.split_rows(s.short, events=True),
    "cm.merge_changes(rows, changes)": lambda s: cm.merge_changes(s.panel, s.changes),
    "cm.check_ph(fit)": lambda s: cm.check_ph(s.fit),
    "robust=True": lambda s: cm.check_ph(s.model(cluster="state"), robust=True),
    'fit.residuals("dfbeta", by_member=True)': lambda s: s.fit.residuals("dfbeta", by_member=True),
    "fit.predictions(data)": lambda s: s.logit.predictions(s.panel[:5]),
    "cm.lr_test(one, two)": lambda s: cm.lr_test(s.model(), s.fit),
    "fit.test_model()": lambda s: s.fit.test_model(),
    'cm.linear_combination(fit, "a - b")': lambda s: cm.linear_combination(s.fit, "x - z"),
    'cm.marginal_effects(fit, panel, "x")': lambda s: cm.marginal_effects(s.logit, s.panel, "x"),
    "horizon=": lambda s: cm.marginal_effects(s.fit, s.panel, "x", horizon=6),
    'cm.adjusted_survival(fit, panel, "x", [0, 1], times=)': lambda s: cm.adjusted_survival(
        s.fit, s.panel, "x", [0, 1], times=[6]
    ),
    "cm.expected_duration(fit, paths, horizon)": lambda s: cm.expected_duration(
        s.fit, {"x": 0.0}, 12
    ),
    "cm.prediction.cross_validate": lambda s: s.model(
        cm.prediction.cross_validate, models=["logit"], folds=2
    ),
    ".penalised_path": lambda s: s.model(cm.prediction.penalised_path, penalties=2, folds=2),
    ".importance": lambda s: s.model(cm.prediction.importance, model="logit", folds=2, repeats=1),
    ".predicts": lambda s: cm.prediction.predicts(
        "event ~ x + z", s.panel, "x", folds=2, repeats=1
    ),
    "cm.compare_engines(fit)": lambda s: cm.compare_engines(s.fit),
    "cm.compare_estimators(formula, panel)": lambda s: s.model(
        cm.compare_estimators, families=["cox", "logit"]
    ),
    "cm.plot.estimators": lambda s: cm.plot.estimators(
        s.model(cm.compare_estimators, families=["cox", "logit"])
    ),
    "fit.save(path, panel)": lambda s: s.saved(),
    "cm.load_fit(path)": lambda s: s.saved(),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> _Shop:
    return _Shop(tmp_path_factory.mktemp("bridge"))


def test_every_line_is_run():
    assert len(HERE) > 70
    assert set(HERE) == set(RUN)


@pytest.mark.parametrize("code", RUN)
def test_it_runs(shop, code):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=cm.CoalitionWarning)
        assert RUN[code](shop) is not None


@pytest.mark.parametrize("verb", [*THEIRS.split(), *(f"cm.{name}" for name in OURS.split())])
def test_every_verb_is_on_the_page(verb):
    assert re.search(rf"(?<!\w){re.escape(verb)}(?!\w)", "\n".join(LINES)), verb
