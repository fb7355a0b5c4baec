"""Misused options of every public function: the package's own error, which names the argument."""

from __future__ import annotations

import inspect
import re
import typing
import warnings
from functools import cache
from operator import attrgetter

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.registry import registered

#: takes anything that knows its sources; and figures whose first argument is a result of ours
_LEFT_OUT = {"cite", "facts", "compare_revisions"}


@cache
def _needs():
    """Valid arguments that calls need, by function."""
    members = cm.load("participation")
    iraq = members[members["coalition"] == "iraq"]
    panel = cm.build_panel(iraq)
    simulated = cm.simulate_panel(
        members=30, hazard=0.03, coefficients={"risk": 0.5, "leader_change": 0.0}, seed=1
    )
    profile = cm.operational_profile(iraq)
    opinion = pd.DataFrame({"state": ["ITA"], "date": ["2003-05-01"], "support": [40.0]})
    powers = pd.DataFrame({"state": ["ITA"], "start": ["1990-01-01"], "war_powers": [1]})
    fit = cm.cox("event ~ risk", simulated, cluster="state")
    formula = {"formula": "event ~ risk", "data": simulated}
    twice = pd.DataFrame({"state": ["A", "A"], "start": [0, 3], "stop": [3, 5], "event": [1, 1]})
    changes = pd.DataFrame({"state": ["S01"], "time": [2.5], "left": [1]})
    levels = cm.load("troops")[["coalition", "state", "date", "troops"]].dropna()
    builders = {name: {"panel": panel} for name in registered()}
    found = cm.test_hypotheses(simulated, "H02", robust=False)
    often = cm.frequencies("rsm", outcomes=["early"], draws=100)
    hollow = cm.hollowing(cm.facts("rsm"))
    curve = cm.sensitivity.spec_curve(
        cm.Specification("cox", "event ~ risk", cluster="state"),
        "risk",
        [cm.sensitivity.Dimension.of("one", [1])],
        panel=simulated,
    )
    compared = cm.compare_rules(["tago-2009"], cm.analysis_set("iraq", features=False))
    table = pd.DataFrame({"a": [1.0]})
    alike = cm.compare_estimators("event ~ risk", simulated, families=["cox", "logit"])
    cases = pd.DataFrame({"A": [0.9, 0.7, 0.2, 0.1], "Y": [0.9, 0.4, 0.6, 0.1]}, list("wxyz"))
    there = simulated.groupby("state")["event"].max().eq(0).idxmax()
    early = simulated[(simulated["state"] == there) & (simulated["stop"] <= 3)]
    cases = {
        **builders,
        "plot.verdicts": {"verdicts": found},
        "plot.estimators": {"found": alike},
        "plot.estimators_data": {"found": alike},
        "plot.qca_xy": {"expression": "A", "data": cases, "outcome": "Y"},
        "plot.qca_xy_data": {"expression": "A", "data": cases, "outcome": "Y"},
        "spirit_curve": {"name": "tago-2009"},
        "plot.forest": {"verdicts": found, "claim": "H02"},
        "plot.contested": {"contested": cm.contest(windows=[2], dates=["main"])},
        "describe_panel": {"panel": panel},
        "facts_of": {"panel": panel},
        "record_of": {"table": panel},
        "merge": {"panel": panel, "table": opinion.drop(columns="date"), "on": "state"},
        "load": {"name": "troops"},
        "codebook": {"name": "troops"},
        "read_table": {"path": "troops.csv", "like": "troops"},
        "validate": {"frame": members, "contract": "participation"},
        "to_cow": {"names": ["ITA"], "dates": 2003},
        "from_cow": {"codes": [325], "dates": 2003},
        "build_panel": {"members": iraq},
        "spells_from_levels": {"levels": levels},
        "simulate_panel": {"seed": 1},
        "code_defections": {"participation": iraq, "profile": profile},
        "named_rule": {"name": "mcinnis"},
        "operational_profile": {"members": iraq},
        "panel_events": {"panel": panel, "defections": cm.code_defections(iraq, profile)},
        "defection_moves": {"coded": panel},
        "significant_withdrawals": {"falls": cm.withdrawals(profile)},
        "withdrawals": {"profile": profile},
        "add_war_powers": {"panel": panel, "rules": powers},
        "add_opinion": {"panel": panel, "polls": opinion},
        "correlations": {"panel": simulated},
        "feature_summary": {"panel": simulated},
        "cox": {**formula, "cluster": "state"},
        "logit": {**formula, "cluster": "state"},
        "fit": {"spec": fit.spec, "panel": simulated},
        "fit_many": {"specs": [fit.spec], "panel": simulated},
        "interval_censored": {
            "formula": "event ~ risk",
            "data": simulated.assign(seen=0.0),
            "last_seen": "seen",
        },
        "compare_engines": {"fit": fit},
        "split_rows": {"data": simulated, "at": [3.5]},
        "repeated_events": {"data": twice, "kind": "gap", "id": "state"},
        "merge_changes": {"rows": simulated, "changes": changes, "on": "state"},
        "logrank": {"data": simulated, "groups": "leader_change"},
        "probit": {**formula, "cluster": "state"},
        "cloglog": {**formula, "cluster": "state"},
        "linear_combination": {"fit": fit, "combination": "risk"},
        "lr_test": {"smaller": fit, "larger": fit},
        "marginal_effects": {"fit": fit, "data": simulated, "horizon": 6.0},
        "adjusted_survival": {"fit": fit, "data": simulated, "variable": "risk", "times": [6.0]},
        "expected_duration": {"fit": fit, "paths": {"risk": 1.0}, "horizon": 6.0},
        "exit_probability": {"fit": fit, "panel": early, "state": there, "months": 2},
        "compare_estimators": {"formula": "event ~ risk", "panel": simulated},
        "load_fit": {"path": "nonsense"},
        "check_ph": {"fit": fit},
        "detectable_effects": {"fit": fit},
        "predict_survival": {"fit": fit, "paths": {"risk": 1.0}},
        "survival_curve": {"panel": simulated},
        "incidence_rates": {"panel": simulated},
        "frequencies": {"sets": "rsm", "outcomes": ["early"]},
        "hollowing": {"facts": cm.facts("rsm")},
        "cumulative_incidence": {"data": simulated},
        "cause_specific": {**formula, "cluster": "state"},
        "fine_gray": {**formula, "cause": 1, "cluster": "state", "changing": "last"},
        "multinomial": {**formula, "cluster": "state"},
        "conditional_logit": {**formula, "cluster": "state"},
        "random_intercept": {**formula, "group": "state"},
        "frailty": {**formula, "group": "state"},
        "predict_incidence": {"fit": cm.cause_specific(**formula), "values": {"risk": 1.0}},
        "state_occupancy": {"data": simulated, "origin": "state", "target": "event"},
        "compare_causes": {"fit": cm.cause_specific(**formula)},
        "parametric": {**formula, "cluster": "state"},
        "cure": {**formula, "cluster": "state", "starts": 1},
        "compare_distributions": formula,
        "multistate": {
            "formula": "to ~ risk",
            "data": simulated.assign(now="in", to=np.where(simulated["event"] == 1, "out", "in")),
            "origin": "now",
            "cluster": "state",
        },
        "analysis_set": {"name": "iraq"},
        "first_look": {"set_or_panel": simulated, "formula": "event ~ risk"},
        "compare_rules": {"rules": ["mcinnis"]},
        "schoenfeld_events": {"ratio": 2.0, "variance": 0.25},
        "simulate_power": {"panel": simulated, "term": "risk", "ratio": 2.0, "seed": 1, "draws": 2},
        "test_hypotheses": {"panel_or_sets": simulated, "ids": ["H02"]},
        "replicate": {"name": "box-steffensmeier-zorn-2001"},
        "printed_se": {"name": "box-steffensmeier-zorn-2001"},
        "plot.coefficients": {"fits": fit},
        "plot.participation": {"members": iraq},
        "plot.profile": {"profile": profile[profile["state"] == "ITA"]},
        "plot.readings": {"found": compared},
        "plot.frequencies": {"found": often},
        "plot.frequencies_data": {"found": often},
        "plot.hollowing": {"found": hollow},
        "plot.hollowing_data": {"found": hollow},
        "plot.spec_curve": {"curve": curve},
        "plot.spec_curve_data": {"curve": curve},
        "plot.calibration": {"table": table},
        "plot.cox_snell": {"fit": fit, "data": simulated, "id": "state"},
        "plot.hazard": {"panel": simulated},
        "plot.incidence": {"found": cm.cumulative_incidence(simulated)},
        "plot.leave_one_out": {"found": table},
        "plot.schoenfeld": {"fit": fit},
        **{f"plot.{name}": {"found": object.__new__(kind)} for name, kind in _LONG.items()},
        "plot.survival": {"fit": fit, "scenarios": {"risk": 1.0}},
        "plot.timeline": {"panel": panel, "state": "ITA"},
        "table": {"fits": fit},
    }
    twins = {f"{name}_data": given for name, given in cases.items() if name.startswith("plot.")}
    return {**twins, **cases}


#: results that take long to make: what else is given is refused before they are looked at
_LONG = {
    "confounding": cm.sensitivity.confounding.__globals__["Confounding"],
    "information": cm.sensitivity.InformationValue,
    "placebos": cm.sensitivity.Placebos,
    "randomised": cm.sensitivity.Randomised,
    "worlds": cm.sensitivity.DateUncertainty,
}


def _functions():
    for name in [*cm._WHERE, *(f"plot.{name}" for name in cm.plot.__all__)]:
        value = attrgetter(name)(cm)
        rule = name == "DefectionRule"
        if (inspect.isfunction(value) and name not in _LEFT_OUT) or rule:
            yield name, value


def _wrong_types(hint):
    """Values that the annotation does not allow."""
    text = str(hint)
    parts = typing.get_args(hint) or (hint,)
    if hint is object or "object" in text:
        return []
    wrong = [] if "None" in text or "Optional" in text else [None]
    wrong += [] if float in parts or int in parts or "date" in text else [5]
    wrong += ["6", [1.5], float("nan")] if hint in (int, float) else []
    wrong += ["yes", 2] if hint is bool else []
    wrong += [0.5] if hint is int else []
    wrong += [{}, [1], "panel"] if hint is pd.DataFrame else []
    wrong += [[None], {"a": None}] if "Sequence" in text else []
    wrong += [{1: None}] if "Mapping" in text else []
    wrong += [{"a": 1}] if hint is str else []
    return wrong


def _wrong():
    """Function -> its arguments, each with values of the wrong type."""
    cases = {}
    for name, function in _functions():
        for argument, hint in typing.get_type_hints(function).items():
            if argument != "return":
                cases.setdefault(name, []).extend((argument, one) for one in _wrong_types(hint))
    return {name: found for name, found in cases.items() if found}


def _not_refused(name, cases, fits):
    """What is wrong with the refusals of a function's misuses, one line per case."""
    lines = []
    for argument, wrong in cases:
        said = f"{argument}={wrong!r}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                attrgetter(name)(cm)(**{**_needs().get(name, {}), argument: wrong})
        except cm.CoalitionError as error:
            if not fits(argument, str(error)):
                lines.append(f"{said}: the message names no culprit: {error}")
        except Exception as error:  # noqa: BLE001
            lines.append(f"{said}: {type(error).__name__} and not ours: {error}")
        else:
            lines.append(f"{said}: not refused")
    return lines


@pytest.mark.parametrize("name", list(_wrong()))
def test_wrong_types_are_refused_by_name(name):
    def named(argument, message):
        return re.search(rf"\b{argument}\b", message)

    assert _not_refused(name, _wrong()[name], named) == []


#: options whose values are listed or bounded, and a value beyond
_BEYOND = {
    "load": {"name": "nonsense"},
    "codebook": {"name": "nonsense"},
    "validate": {"contract": "nonsense"},
    "to_cow": {"system": "nonsense", "missing": "nonsense", "dates": "nonsense"},
    "from_cow": {"to": "nonsense", "missing": "nonsense"},
    "build_panel": {
        "period": "nonsense", "clock": "nonsense", "exit_date": "nonsense", "wind_up": -1,
        "exit_kinds": ["nonsense"], "until": "nonsense", "truncate_before": "nonsense",
    },
    "spells_from_levels": {
        "gap": -1, "level": "nonsense", "period": "nonsense", "end_margin": -1,
    },
    "simulate_panel": {
        "members": 0, "coalitions": 0, "periods": 0, "period": "nonsense", "clock": "nonsense",
        "covariates": {"x": "nonsense"}, "hazard": -1, "shape": 0, "late_entry": 2, "spells": 0,
        "reentry": 2, "gap": 0, "frailty": -1, "exit_kinds": ["nonsense"], "begin": "nonsense",
        "seed": -1, "coefficients": {"a": float("inf")},
    },
    "DefectionRule": {
        "kinds": ("nonsense",), "exits": "nonsense", "exit_kinds": ("nonsense",),
        "contested": "nonsense", "exit_date": "nonsense", "cuts": "nonsense", "unclear": "nonsense",
        "uncoded": "nonsense", "falls": "nonsense", "measure": "nonsense", "quantile": 2,
        "pooled": "nonsense", "cut_persons": -1, "cut_percent": -1, "minimum": -1,
        "drawdown_years": -1, "every": "nonsense", "level": "nonsense", "dip": -1,
        "peak_at_least": -1,
    },
    "code_defections": {"rule": "nonsense"},
    "named_rule": {"name": "nonsense"},
    "operational_profile": {
        "period": "nonsense", "method": "nonsense", "statuses": ["nonsense"],
        "doubtful": "nonsense", "stale_after": -1, "level": "nonsense", "exit_is": "nonsense",
    },
    "panel_events": {"kinds": ["nonsense"], "how": "nonsense", "period": "nonsense"},
    "quartile_readings": {
        "measure": ("nonsense",), "quantile": (2.0,), "pooled": ("nonsense",),
        "drawdown_years": (-1,),
    },
    "significant_withdrawals": {
        "measure": "nonsense", "quantile": 2, "pooled": "nonsense", "minimum": -1,
        "drawdown_years": -1,
    },
    "withdrawals": {"every": "nonsense", "level": "nonsense", "dip": -1},
    "add_elections": {
        "window": -1, "kinds": "nonsense", "sources": "nonsense", "preset": "nonsense",
        "half_life": 0, "as_of": "nonsense", "external": "nonsense",
    },
    "add_leadership": {
        "window": -1, "who": "nonsense", "rotation": "nonsense", "as_of": "nonsense",
        "external": "nonsense",
    },
    "add_casualties": {
        "half_life": 0, "per": "nonsense", "mass_casualty": 0, "shock_window": -1,
        "trend_window": -1, "undated": "nonsense", "as_of": "nonsense",
    },
    "add_risk": {
        "level": "nonsense", "min_known": 2, "undated": "nonsense", "as_of": "nonsense",
        "external": "nonsense",
    },
    "add_commitment": {"min_known": 2, "lag": -1, "as_of": "nonsense", "external": "nonsense"},
    "add_contagion": {
        "windows": [-1], "exit_kinds": ["nonsense"], "exit_date": "nonsense", "as_of": "nonsense",
    },
    "add_lead_exit": {"lead": "nonsense", "as_of": "nonsense"},
    "add_alliance": {
        "hosted_at_least": -1, "aid_at_least": -1, "trade_at_least": -1, "lag": -1,
        "as_of": "nonsense", "external": "nonsense",
    },
    "add_regime": {
        "measures": ["nonsense"], "years": -1, "lag": -1, "as_of": "nonsense",
        "external": "nonsense",
    },
    "add_side_strength": {"as_of": "nonsense", "external": "nonsense"},
    "add_support_change": {"months": 0, "as_of": "nonsense", "external": "nonsense"},
    "add_capability": {"lag": -1, "as_of": "nonsense", "external": "nonsense"},
    "add_preferences": {
        "source": "nonsense", "lag": -1, "as_of": "nonsense", "external": "nonsense",
    },
    "add_war_powers": {"as_of": "nonsense"},
    "add_opinion": {"max_age": -1, "as_of": "nonsense"},
    "correlations": {"columns": ["nonsense"], "method": "nonsense"},
    "feature_summary": {"columns": ["nonsense"]},
    "cox": {
        "ties": "nonsense", "penalty": "nonsense", "convention": "nonsense",
        "variance": "nonsense", "start": "nonsense", "stop": "nonsense", "id": "nonsense",
        "cluster": "nonsense", "strata": "nonsense", "weights": "nonsense", "offset": "nonsense",
        "formula": "nonsense",
    },
    "logit": {
        "time": "nonsense", "link": "nonsense", "penalty": "nonsense", "convention": "nonsense",
        "variance": "nonsense", "stop": "nonsense", "id": "nonsense", "cluster": "nonsense",
        "weights": "nonsense", "offset": "nonsense", "formula": "nonsense",
    },
    **{
        verb: {
            "time": "nonsense", "convention": "nonsense", "variance": "nonsense",
            "stop": "nonsense", "id": "nonsense", "cluster": "nonsense", "weights": "nonsense",
            "offset": "nonsense", "formula": "nonsense",
        }
        for verb in ("probit", "cloglog")
    },
    "linear_combination": {
        "combination": "nonsense", "value": float("inf"), "level": 1.5, "reference": "nonsense",
    },
    "marginal_effects": {
        "variables": "nonsense", "at": {"nonsense": 1}, "contrast": {"nonsense": (0, 1)},
        "horizon": -1.0, "method": "nonsense", "draws": 0, "seed": -1, "level": 1.5,
        "reference": "nonsense",
    },
    "adjusted_survival": {
        "variable": "nonsense", "times": [-1.0], "level": 1.5, "interval": "nonsense",
    },
    "expected_duration": {"horizon": float("inf"), "level": 1.5, "stratum": "nonsense"},
    "exit_probability": {
        "state": "nonsense", "months": 0, "coalition": "nonsense", "changes": {"nonsense": 1},
        "level": 1.5, "interval": "nonsense",
    },
    "load_fit": {"path": "nonsense"},
    "compare_estimators": {
        "formula": "nonsense", "families": ["nonsense"], "id": "nonsense", "cluster": "nonsense",
        "convention": "nonsense",
    },
    "split_rows": {
        "at": [float("inf")], "event": "nonsense", "start": "nonsense", "stop": "nonsense",
    },
    "repeated_events": {
        "kind": "nonsense", "id": "nonsense", "event": "nonsense", "start": "nonsense",
        "stop": "nonsense", "most": 0,
    },
    "merge_changes": {
        "on": "nonsense", "time": "nonsense", "origin": "nonsense", "unit": "nonsense",
        "start": "nonsense", "stop": "nonsense", "event": "nonsense",
    },
    "check_ph": {"transform": "nonsense"},
    "detectable_effects": {"power": 1.5, "level": 1.5},
    "predict_survival": {
        "level": 1.5, "interval": "nonsense", "stratum": "nonsense",
        "times": [-1.0],
    },
    "survival_curve": {
        "by": "nonsense", "event": "nonsense", "start": "nonsense", "stop": "nonsense",
        "level": 1.5, "interval": "nonsense", "weights": "nonsense", "cluster": "nonsense",
    },
    "logrank": {
        "groups": "nonsense", "strata": "nonsense", "cluster": "nonsense", "event": "nonsense",
        "start": "nonsense", "stop": "nonsense",
    },
    "analysis_set": {"name": "nonsense", "variant": "nonsense"},
    "compare_rules": {
        "rules": ["nonsense"], "data": "nonsense", "formula": "nonsense", "how": "nonsense",
    },
    "analyse_hypotheses": {"workers": 0},
    "contest": {
        "claim": "nonsense", "coalition": "nonsense", "windows": [-1], "dates": ["nonsense"],
        "outcomes": ["nonsense"], "draws": -1, "seed": -1,
    },
    "leader_cases": {
        "coalition": "nonsense", "window": -1, "exit_date": "nonsense", "who": "nonsense",
    },
    "schoenfeld_events": {
        "ratio": -1, "variance": -1, "power": 1.5, "level": 1.5, "r_squared": 1.5,
        "design_effect": -1,
    },
    "simulate_power": {
        "term": "nonsense", "ratio": -1, "controls": ["nonsense"], "cluster": "nonsense",
        "frailty": -1, "draws": 0, "level": 1.5, "seed": -1,
    },
    "test_hypotheses": {
        "ids": "nonsense", "q": 1.5, "level": 1.5, "power": 1.5, "cluster": "nonsense",
        "workers": 0, "tables": {"nonsense": pd.DataFrame()}, "panel_or_sets": "nonsense",
    },
    "replicate": {"name": "nonsense", "data": {"nonsense": pd.DataFrame()}},
    "printed_se": {"name": "nonsense", "data": {"nonsense": pd.DataFrame()}},
    "plot.coefficients": {"terms": ["nonsense"], "level": 1.5},
    "plot.participation": {"mandate_end": "nonsense", "until": "nonsense"},
    "plot.survival": {"times": [-1.0]},
    "plot.timeline": {"state": "nonsense", "coalition": "nonsense"},
    "table": {"terms": ["nonsense"], "names": ["a", "b"], "level": 1.5},
}  # fmt: skip


@pytest.mark.parametrize("name", list(_BEYOND))
def test_values_beyond_the_allowed_are_refused(name):
    def named(argument, message):
        return argument in message or "nonsense" in message

    assert _not_refused(name, _BEYOND[name].items(), named) == []


def test_every_builder_with_words_to_choose_from_is_misused():
    for name, item in registered().items():
        assert {"as_of", "external"} & set(item.options) <= set(_BEYOND.get(name, {})), name


def test_methods_of_a_fit_refuse_wrong_options():
    fit = _needs()["check_ph"]["fit"]
    for method, wrong, message in (
        ("tidy", {"level": "0.95"}, "level must be a number, not '0.95'"),
        ("tidy", {"level": 95}, "level must lie between 0 and 1"),
        ("tidy", {"reference": "z"}, "reference must be 'normal' or 't'"),
        ("summary", {"level": "0.95"}, "level must be a number"),
        ("to_table", {"exponentiate": "yes"}, "exponentiate must be True or False"),
        ("predict", {"data": {"risk": 1}}, "data must be a pandas DataFrame or None, not dict"),
        ("predict", {"kind": "risk"}, "kind must be 'linear' or 'ratio'"),
        ("test_terms", {"reference": "F"}, "reference must be 'normal' or 't'"),
    ):
        with pytest.raises(cm.CoalitionError, match=message):
            getattr(fit, method)(**wrong)
