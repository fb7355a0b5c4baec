"""Box-Steffensmeier and Zorn (2001): disputes between dyads, proportional hazards and beyond."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.models.after.diagnostics import check_ph
from coalition_models.models.running import fit
from coalition_models.models.specification import Specification
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "add_clock", "add_peace", "proportionality"]

_BASIC = ("democracy", "growth", "allies", "contig", "capratio", "trade")
_MODELS = {"basic": _BASIC, "with previous": (*_BASIC, "previous_disputes")}
#: terms that the article lets vary with the logarithm of time
_VARYING = {
    "basic": _BASIC,
    "with previous": ("democracy", "growth", "allies", "contig", "previous_disputes"),
}
_SAMPLES = {"all": "", "T<14": "clock < 14", "T>=14": "clock >= 14"}


def add_clock(disputes: pd.DataFrame) -> pd.DataFrame:
    """Add the article's clock and its count of earlier disputes.

    Parameters
    ----------
    disputes : DataFrame
        Dyad-years with ``dyadid, year, dispute``.

    Returns
    -------
    DataFrame
        Sorted by dyad and year, with ``clock`` (running number of the dyad's observations, which
        is not the calendar: years of a continuing dispute are left out), ``before`` (one less),
        ``log_time`` and ``previous_disputes`` (as the article counts them: the current row's
        dispute included).

    Examples
    --------
    >>> import pandas as pd
    >>> years = pd.DataFrame({"dyadid": 1, "year": [1951, 1952, 1954], "dispute": [0, 1, 0]})
    >>> add_clock(years)[["before", "clock", "previous_disputes"]].to_numpy().tolist()
    [[0, 1, 0], [1, 2, 1], [2, 3, 1]]
    """
    rows = disputes.sort_values(["dyadid", "year"], kind="stable", ignore_index=True)
    dyad = rows["dyadid"]
    clock = rows.groupby(dyad).cumcount() + 1
    return rows.assign(
        clock=clock,
        before=clock - 1,
        log_time=np.log(clock),
        previous_disputes=rows.groupby(dyad)["dispute"].cumsum(),
    )


def add_peace(disputes: pd.DataFrame) -> pd.DataFrame:
    """Number the spells of peace of a dyad: a new one wherever its clock was set back.

    Examples
    --------
    >>> import pandas as pd
    >>> years = pd.DataFrame({"dyadid": 1, "year": [1951, 1952, 1953], "dispute": [0, 1, 0],
    ...                       "start": [0, 1, 0], "stop": [1, 2, 1]})
    >>> add_peace(years)["peace"].tolist()
    [0, 0, 1]
    """
    rows = add_clock(disputes)
    dyad = rows["dyadid"]
    set_back = rows["start"] < rows.groupby(dyad)["stop"].shift(fill_value=0)
    return rows.assign(peace=set_back.groupby(dyad).cumsum())


def _asked(terms: tuple[str, ...]) -> Specification:
    return Specification(
        "cox", f"dispute ~ {' + '.join(terms)}", start="before", stop="clock", id="dyadid",
        cluster="dyadid", ties="efron", small_sample=True,
    )  # fmt: skip


def proportionality(rows: pd.DataFrame, *, terms: tuple[str, ...]) -> Estimated:
    """Grambsch and Therneau's test with the clustered variance, each term and all together."""
    table = check_ph(fit(_asked(terms), rows), "log", robust=True).table
    names = table["term"].str.lower()
    chi2 = {(name, "chi2"): value for name, value in zip(names, table["statistic"], strict=True)}
    rho = {(name, "rho"): value for name, value in zip(names, table["rho"], strict=True)}
    return Estimated(others={**chi2, **rho})


_TABLE_1 = tuple(
    Model("Table 1", f"{name}, {sample}", _asked(terms), where, add_clock)
    for name, terms in _MODELS.items()
    for sample, where in _SAMPLES.items()
)
_TABLE_2 = tuple(
    Model("Table 2", name, proportionality, prepare=add_clock, options={"terms": terms})
    for name, terms in _MODELS.items()
)
_TABLE_3 = tuple(
    Model(
        "Table 3",
        name,
        _asked((*terms, *(f"{term}:log_time" for term in _VARYING[name]))),
        prepare=add_clock,
    )
    for name, terms in _MODELS.items()
)
_GAP_TIME = Model(
    "Gap time",
    "Breslow, gap time",
    Specification(
        "cox", f"dispute ~ {' + '.join(_BASIC)}", id=["dyadid", "peace"], ties="breslow",
        variance="model",
    ),
    prepare=add_peace,
)  # fmt: skip


STUDY = Study(
    name="box-steffensmeier-zorn-2001",
    article="box_steffensmeier_zorn_2001",
    question="Do the effects of what makes disputes likely stay the same over time?",
    sources=("disputes-oneal-russett",),
    tables={
        "Table 1": "Cox models of disputes, clustered standard errors",
        "Table 2": "tests of proportional hazards against ln(T)",
        "Table 3": "Cox models with covariates that vary with ln(T)",
        "Gap time": "Cox model on years since the last dispute (course slides on the same data)",
    },
    recipe=(
        "Clock: running number of the dyad's observations, split at 14 in Table 1.",
        "Previous disputes: of the dyad, the current row's dispute included.",
        "Tables 1 and 3: Efron ties, clustered by dyad, factor G/(G-1).",
        "Table 2: Grambsch and Therneau's test as it was before version 3.0 of R's survival, with "
        "the clustered variance in it.",
        "Gap time: Breslow ties, inverse information.",
    ),
    models=(*_TABLE_1, *_TABLE_2, *_TABLE_3, _GAP_TIME),
    clusters=("dyadid",),
    deviations={
        "software": "R's survival gives ours; the article's own software is not known",
        "cut": "the only coefficient printed with two digits, cut rather than rounded",
    },
)
