"""A request as an object: equal, hashable, printed, kept by the fit."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from inspect import signature

import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionError, DataError


def test_equal_requests_are_one():
    one = cm.Specification("cox", "event ~ x", cluster=["state", "year"], id="state")
    two = cm.Specification("cox", "event ~ x", cluster=("state", "year"), id=("state",))
    assert one == two
    assert len({one, two}) == 1
    assert one != replace(one, ties="breslow")
    with pytest.raises(FrozenInstanceError):
        one.formula = "event ~ z"


def test_repr_makes_it_again():
    spec = cm.Specification(
        "logit", "event ~ x", cluster="state", time=None, weights="w", convention="stata"
    )
    assert eval(repr(spec), {"Specification": cm.Specification}) == spec
    plain = cm.Specification("logit", "event ~ x")
    assert repr(plain) == "Specification('logit', 'event ~ x')"
    assert plain.time == "cubic"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"family": "cox", "strata": "region", "ties": "efron", "cluster": ["a", "b"]},
            "Cox proportional hazards of event ~ x: strata by region, ties efron, clustered by a "
            "and b, convention R.",
        ),
        (
            {"family": "cloglog", "variance": "jackknife", "cluster": "a", "weights": "w"},
            "Discrete-time complementary log-log of event ~ x: weighted by w, duration cubic, "
            "variance jackknife by a, convention R.",
        ),
        (
            {"family": "cox", "penalty": "firth", "convention": "stata"},
            "Cox proportional hazards of event ~ x: penalty firth, convention stata.",
        ),
    ],
)
def test_it_prints_as_a_sentence(options, sentence):
    assert str(cm.Specification(formula="event ~ x", **options)) == sentence


def test_a_link_names_the_family():
    spec = cm.Specification("logit", "event ~ x", link="probit")
    assert (spec.family, spec.link) == ("probit", None)
    assert replace(spec, link="cloglog").family == "cloglog"
    assert replace(spec, family="logit").family == "logit"
    with pytest.raises(DataError, match="link must be one of logit, probit, cloglog"):
        cm.Specification("logit", "event ~ x", link="log")
    with pytest.raises(DataError, match="is for logit, probit, cloglog, not for cox"):
        cm.Specification("cox", "event ~ x", link="probit")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "logit", "strata": "region"}, r"strata=\('region',\) is for .*cox.* fits"),
        ({"family": "logit", "ties": "efron"}, "ties='efron' is for .*cox.* fits, not for logit"),
        ({"family": "cox", "time": "cubic"}, "time='cubic' is for .*logit, probit, cloglog.* fits"),
        ({"family": "probit", "penalty": "firth"}, "is for cox, logit fits, not for probit"),
        ({"family": "cox", "cluster": 5}, "cluster must be"),
        ({"family": "cox", "trust": "yes"}, "trust must be True or False"),
        ({"family": "lgoit"}, "family must be one of"),
    ],
)
def test_what_a_family_lacks_is_refused(options, message):
    with pytest.raises(CoalitionError, match=message):
        cm.Specification(formula="event ~ x", **options)


@pytest.mark.parametrize("function", [cm.cox, cm.logit])
def test_every_option_is_a_field(function):
    names = {field.name for field in fields(cm.Specification)}
    assert set(signature(function).parameters) - {"data"} <= names


def test_a_fit_keeps_its_specification(months):
    panel = months()
    fit = cm.cox("event ~ x", panel, id="state", cluster="region", strata="g", variance="model")
    assert fit.spec == cm.Specification(
        "cox", "event ~ x", id="state", cluster="region", strata="g", variance="model"
    )
    again = pickle.loads(pickle.dumps(fit))
    assert again.spec == fit.spec
    assert again.family == fit.family
    moved = cm.fit(replace(again.spec, ties="breslow"), panel)
    same = cm.cox(
        "event ~ x", panel, id="state", cluster="region", strata="g", variance="model",
        ties="breslow",
    )  # fmt: skip
    assert moved.tidy().equals(same.tidy())
