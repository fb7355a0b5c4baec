"""Bienen and van de Walle: leaders leaving office in three ways."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.models.cox.api import cox
from coalition_models.models.specification import Specification
from coalition_models.replications.numbers import MODEL, Estimated, Key, numbers_of
from coalition_models.replications.rank_tests import (
    fine_gray_null,
    group_tests,
    incidence,
)
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "cox_as_sas", "exits", "leaders"]

_REGIONS = ("middle east", "africa", "asia", "latin america")
_EXITS = {"constitutional": 1, "natural death": 2, "other": 3}
_ALONE = (
    "irregular_entry", "first_year", "military", "age", "conflict", "log_income", "growth",
    "population", "land", "literacy",
)  # fmt: skip
_DUMMIES = ("africa", "asia", "latin_america")
_THREE = ("irregular_entry", "military", "age")
_FIVE = (*_THREE, "log_income", *_DUMMIES)
_SAS = {
    "3 covariates": {"constitutional_entry": ("constitutional_entry",), "civilian": ("civilian",),
                     "age": ("age",)},
    "5 covariates": {"constitutional_entry": ("constitutional_entry",), "civilian": ("civilian",),
                     "age": ("age",), "log_income": ("log_income",), "region": _DUMMIES},
}  # fmt: skip
_GROUPS = {"irregular_entry": "entry", "military": "military_word", "conflict": "conflict_word"}
_CUTS = {
    "first_year": (1969, 1979), "age": (39, 59), "log_income": (5.3, 6.2), "growth": (0, 3.9),
    "population": (1, 10), "land": (100, 1000), "literacy": (50, 75),
}  # fmt: skip


def leaders(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep leaders with an age; add the event, a clock that keeps durations of 0, and dummies.

    Examples
    --------
    >>> rows = pd.DataFrame({"years": 0, "exit": 3, "region": 1, "irregular_entry": 0,
    ...                      "military": 1, "conflict": 0, "age": [50, None]})
    >>> found = leaders(rows)
    >>> found[["clock", "left", "africa", "entry"]].to_numpy().tolist()
    [[1, 1, 1, 'constitutional']]
    """
    used = rows[rows["age"].notna()]
    region = used["region"].map(dict(enumerate(_REGIONS)))
    return used.assign(
        clock=used["years"] + 1,
        left=(used["exit"] > 0).astype(int),
        region=region,
        **{name: (region == name.replace("_", " ")).astype(int) for name in _DUMMIES},
        constitutional_entry=1 - used["irregular_entry"],
        civilian=1 - used["military"],
        entry=used["irregular_entry"].map({0: "constitutional", 1: "irregular"}),
        military_word=used["military"].map({0: "no", 1: "yes"}),
        conflict_word=used["conflict"].map({0: "low", 1: "medium or high"}),
    )


def exits(rows: pd.DataFrame) -> Estimated:
    """Count leaders by how they left."""
    kinds = {"in office": 0, **_EXITS}
    counts = {(name, "rows"): float((rows["exit"] == kind).sum()) for name, kind in kinds.items()}
    return Estimated(others=counts)


def cox_as_sas(rows: pd.DataFrame, *, groups: dict[str, tuple[str, ...]]) -> Estimated:
    """Cox model with Breslow ties and the numbers that SAS prints.

    Parameters
    ----------
    rows : DataFrame
    groups : mapping
        Name of a term -> its columns, tested together.
    """
    names = [name for columns in groups.values() for name in columns]
    fit = cox(f"left ~ {' + '.join(names)}", rows, start=None, stop="clock", ties="breslow")
    wanted = (
        "rows", "events", "deviance", "deviance_null", "aic", "sbc_events", "likelihood_ratio",
        "score", "wald",
    )  # fmt: skip
    model = {key[1]: value for key, value in numbers_of(fit, [(MODEL, q) for q in wanted]).items()}
    censored = model["rows"] - model["events"]
    null = model["deviance_null"]
    model |= {"censored": censored, "percent_censored": 100 * censored / model["rows"]}
    model |= {"aic_null": null, "sbc_null": null, "df": len(names)}
    others: dict[Key, float] = {}
    for term, columns in groups.items():
        at = [fit.place_of(name) for name in columns]
        own = fit.coefficients[at]
        chi2 = float(own @ np.linalg.solve(fit.covariance[np.ix_(at, at)], own))
        name = f"type 3: {term}"
        others |= {(name, "chi2"): chi2, (name, "df"): float(len(at))}
        others[name, "p_value"] = float(stats.chi2.sf(chi2, len(at)))
    return Estimated(fit.names, fit.coefficients, fit.std_errors, model, others)


def _efron(terms: tuple[str, ...]) -> Specification:
    return Specification(
        "cox", f"left ~ {' + '.join(terms)}", start=None, stop="clock", variance="model"
    )


def _cox_models() -> Iterator[Model]:
    columns: dict[str, tuple[str, ...]] = {name: (name,) for name in _ALONE}
    columns |= {"region": _DUMMIES, "3 covariates": _THREE, "5 covariates": _FIVE}
    for name, terms in columns.items():
        yield Model("Cox, R", name, _efron(terms), prepare=leaders)
    for name, groups in _SAS.items():
        yield Model("Cox, SAS", name, cox_as_sas, prepare=leaders, options={"groups": groups})


def _test_models() -> Iterator[Model]:
    for name, by in _GROUPS.items():
        yield Model("Groups", name, group_tests, prepare=leaders, options={"by": by})
    yield Model("Groups", "region", group_tests, prepare=leaders, options={"by": "region"})
    for name, cuts in _CUTS.items():
        options = {"by": name, "cuts": cuts}
        yield Model("Groups", name, group_tests, prepare=leaders, options=options)


def _exit_models() -> Iterator[Model]:
    for name in ("counts", "counts, SAS"):
        yield Model("Exits", name, exits, prepare=leaders)
    options = {"kind": 1, "years": tuple(range(6))}
    yield Model("Exits", "incidence, constitutional", incidence, prepare=leaders, options=options)
    for group, where in {"all": "", "irregular entry": "irregular_entry == 1"}.items():
        for name, kind in _EXITS.items():
            yield Model(
                "Exits", f"Fine and Gray, {group}, {name}", fine_gray_null, where, leaders,
                options={"kind": kind},
            )  # fmt: skip


STUDY = Study(
    name="bienen-vandewalle-1991",
    article="bienen_vandewalle_1991",
    question="What shortens the time of leaders in office, by the way they leave?",
    sources=("leader-exits",),
    tables={
        "Cox, R": "Cox models of any exit (lecture of S. Simon, R)",
        "Cox, SAS": "the same with Breslow ties (SAS)",
        "Groups": "tests between groups (SAS)",
        "Exits": "incidence of constitutional exits, and likelihoods without covariates",
    },
    recipe=(
        "438 leaders with an age; any exit is an event. Years of 0 stay at risk: the clock is "
        "years plus one.",
        "R: Efron ties; the standard error of the concordance by ranks, as R's survival had it "
        "before version 3. SAS: Breslow ties, its information criterion counts events.",
        "Groups: intervals [a, b) of the SAS output, named by their middle; the R page cuts "
        "otherwise.",
        "Fine and Gray: the chance of not being censored counts all still at risk in a year and "
        "holds from the year itself.",
    ),
    models=(*_cox_models(), *_test_models(), *_exit_models()),
    deviations={
        "steps": "SAS stops after two Newton steps; so does R with iter.max = 2, which gives the "
        "printed coefficients"
    },
)
