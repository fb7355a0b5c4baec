"""Each family with each option: a number, or a refusal that names both; and what goes wrong."""

from __future__ import annotations

import pickle
import re
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionError, DataError, FitError, FormulaError
from coalition_models.models.family import families

FAMILIES = sorted(families())


def _panel() -> pd.DataFrame:
    """Periods of 60 members in 20 states who can leave in two ways, and come in late."""
    rng = np.random.default_rng(7)
    rows = []
    for member in range(60):
        first, x = int(rng.integers(0, 3)), rng.normal()
        for period in range(first, first + 9):
            z = rng.normal()
            chance = 1 / (1 + np.exp(1.2 - 0.5 * x - 0.4 * z))
            event = int(rng.random() < chance and member % 4 != 1)
            rows.append((member, member % 20, member % 7, period, period + 1, event, x, z))
            if event:
                break
    names = ["member", "state", "year", "start", "stop", "event", "x", "z"]
    data = pd.DataFrame(rows, columns=names)
    kind = np.where(data["member"] % 3 == 0, "second", "first")
    return data.assign(
        kind=np.where(data["event"] == 1, kind, "none"),
        half=data["state"] % 2,
        w=1.0 + data["member"] % 3,
        off=0.1 * np.sin(data["member"]),
        at="none",
        seen=np.maximum(data["stop"] - 2, data.groupby("member")["start"].transform("min")),
    )


PANEL = _panel()
OPTIONS: dict[str, dict[str, object]] = {
    "weights": {"weights": "w"},
    "offset": {"offset": "off"},
    "strata": {"strata": "half"},
    "cluster": {"cluster": "state"},
    "two-way": {"cluster": ("state", "year")},
    "CR3": {"cluster": "state", "variance": "jackknife"},
    "robust": {"variance": "robust"},
    "firth": {"penalty": "firth"},
    "prior": {"prior": "normal(2)"},
    "ties": {"ties": "breslow"},
    "exact ties": {"ties": "exact"},
    "time": {"time": "log"},
    "group": {"group": "state"},
    "last_seen": {"last_seen": "seen"},
    "cuts": {"cuts": 2},
    "share": {"population_share": 0.05},
    "stata": {"convention": "stata"},
}
#: options by which a refusal may go where the family as such has it: two of them clash
#: refusals of what was asked in a way the fit does not have
_KNOWN = re.compile("stratum|kind must be one of|no term 'x'; it has first: x")
CLASHES = "variance|cluster|weights|strata|dummies|ties|profile-likelihood|finite maximum|penalty"


def spec_of(family: str, formula: str = "x + z") -> cm.Specification:
    """What every family needs, and no more."""
    can = families()[family].can
    response = "kind" if can & {"causes", "transitions"} else "event"
    options: dict[str, object] = {"id": ("member",)}
    if response == "kind" and "transitions" not in can:
        options["none"] = "none"
    if "transitions" in can:
        options["origin"] = "at"
    if "held_covariates" in can:
        options |= {"causes": "first", "changing": "last"}
    if "group" in can:
        options["group"] = "state"
    if "duration" in can and "interval" not in can:
        options["time"] = None
    if "interval" in can and "duration" in can:
        options |= {"last_seen": "seen", "time": "linear"}
    if "pieces" in can:
        options["cuts"] = 2
    if "starts" in can:
        options |= {"starts": 1, "seed": 1}
    if "strata" in can and "duration" in can:
        options["strata"] = "state"
    return cm.Specification(family, f"{response} ~ {formula}", **options)


@pytest.fixture(scope="module")
def fits() -> dict[str, cm.Fit]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {family: cm.fit(spec_of(family), PANEL) for family in FAMILIES}


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_every_option_gives_a_number_or_a_refusal(family):
    if family == "gengamma":
        pytest.skip("slow, and made by the code of gamma")
    silent = []
    for name, option in OPTIONS.items():
        try:
            found = cm.fit(replace(spec_of(family), **option), PANEL)
        except CoalitionError as error:
            said = str(error)
            key = next(iter(option))
            if key not in said and family not in said and not _clash(said):
                silent.append(f"{name}: {said}")
            continue
        own = [n for n in found.names if "x" in n or "z" in n]
        if not np.isfinite(found.coefficients).all() or not own:
            silent.append(f"{name}: no number")
    assert silent == []


def _clash(said: str) -> bool:
    return re.search(CLASHES, said) is not None


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_every_question_afterwards_gives_a_number_or_a_refusal(fits):
    asked = {
        "wild": lambda fit: cm.inference.wild_score(
            fit.spec, "x", PANEL, cluster="state", draws=99
        ),
        "leave one out": lambda fit: cm.inference.leave_one_out(fit, PANEL["state"], term="x"),
        "ph": cm.check_ph,
        "dfbeta": lambda fit: fit.residuals("dfbeta"),
        "model test": lambda fit: fit.test_model(),
        "survival": lambda fit: cm.predict_survival(fit, {"x": 0.0, "z": 0.0}),
        "averages": lambda fit: cm.adjusted_survival(fit, PANEL, "x", [0, 1], times=[3]),
        "expected": lambda fit: cm.expected_duration(fit, {"x": 0.0, "z": 0.0}, horizon=5),
        "engines": cm.compare_engines,
        "causes": cm.compare_causes,
        "incidence": lambda fit: cm.predict_incidence(fit, {"x": 0.0}),
    }
    wrong = []
    for family, fit in fits.items():
        for name, ask in asked.items():
            try:
                assert ask(fit) is not None
            except CoalitionError as error:
                if family not in str(error) and not _KNOWN.search(str(error)):
                    wrong.append(f"{family}, {name}: {error}")
            except (TypeError, KeyError, ValueError, AttributeError) as error:
                wrong.append(f"{family}, {name}: {error!r}")
    assert wrong == []


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_sums_predictions_and_likelihood_ratios_have_every_number(fits):
    """Also where one coefficient, such as the variance of a frailty, has no error."""
    wrong = []
    for family, fit in fits.items():
        x, z = (
            next(name for name in fit.names if name.split(": ")[-1] == one) for one in ("x", "z")
        )
        kinds = [
            kind.replace("<kind>", label)
            for kind in fit.family.predictions
            for label in (getattr(fit.engine, "kinds", ()) if "<kind>" in kind else ("",))
        ]
        tables = {"sum": cm.linear_combination(fit, {x: 1.0, z: -1.0})}
        tables |= {kind: fit.predictions(PANEL[:5], kind=kind) for kind in kinds}
        if family != "gengamma":  # slow, and made by the code of gamma
            tables["ratio test"] = cm.lr_test(cm.fit(spec_of(family, "x"), PANEL), fit)[1:]
        wrong += [
            f"{family}, {name}"
            for name, table in tables.items()
            if table.select_dtypes("number").isna().any(axis=None)
        ]
    assert wrong == []


def test_every_fit_can_be_pickled(fits):
    for family, fit in fits.items():
        again = pickle.loads(pickle.dumps(fit))
        np.testing.assert_array_equal(again.coefficients, fit.coefficients, err_msg=family)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_separation_and_a_constant_are_named(family):
    wall = ((PANEL["event"] == 0) & (PANEL["member"] % 4 == 0) & (PANEL["stop"] > 2)).astype(float)
    never = PANEL.groupby("member")["event"].transform("max") == 0
    data = PANEL.assign(wall=np.where(never, 1.0, 0.0) * (wall * 0 + 1), one=1.0)
    with pytest.raises(FitError, match="wall"):
        cm.fit(spec_of(family, "x + wall"), data)
    with pytest.raises(FitError, match="one"):
        cm.fit(spec_of(family, "x + one"), data)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("family", FAMILIES)
def test_no_event_is_said(family):
    with pytest.raises(CoalitionError, match=r"no event|no exit|never|kind"):
        cm.fit(spec_of(family), PANEL.assign(event=0, kind="none"))


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("family", [f for f in FAMILIES if families()[f].can & {"causes"}])
def test_an_empty_kind_and_one_with_one_exit(family):
    spec = spec_of(family)
    first = PANEL.index[PANEL["kind"] == "second"][0]
    rare = PANEL.assign(kind=PANEL["kind"].where(PANEL["kind"] != "second", "first"))
    rare.loc[first, "kind"] = "second"
    causes = "second" if spec.causes is not None and len(spec.causes) == 1 else spec.causes
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            cm.fit(replace(spec, causes=causes), rare)
            said = " ".join(str(one.message) for one in told)
        except CoalitionError as error:
            said = str(error)
    assert "second" in said or "1 event" in said
    if family != "multinomial":
        with pytest.raises(CoalitionError, match="third"):
            cm.fit(replace(spec, causes="third"), PANEL)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_a_level_never_seen_is_named():
    data = PANEL.assign(region=np.where(np.arange(len(PANEL)) % 2 == 0, "north", "south"))
    new = data.head(3).assign(region="atlantis")
    for family in FAMILIES:
        if family in ("gengamma", "gamma"):
            continue
        fit = cm.fit(spec_of(family, "x + C(region)"), data)
        kind = fit.family.predictions[0].replace("<kind>", fit.names[0].partition(":")[0])
        with pytest.raises((DataError, FormulaError), match=r"atlantis"):
            fit.predict(new, kind=kind)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_a_state_without_variation_says_so_or_does_not_matter():
    """A state in which every row has the event, or none, informs no comparison within states."""
    told = []
    grouped = [f for f in FAMILIES if "group" in families()[f].can]
    for family in [*grouped, "conditional_logit"]:
        fit = cm.fit(spec_of(family), PANEL)
        assert np.isfinite(fit.coefficients).all()
        told.append("say nothing" in str(fit))
    assert any(told)
