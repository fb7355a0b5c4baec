"""Lemke and Karstens (2021): new territorial contenders, a repeated event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.replications.studies.lemke_karstens_2021.normal_frailty import (
    normal_frailty,
)
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "copied"]

_CONTROLS = ("log_area", "mountains", "fractionalization")
_CONTACT = ("peace", "fighting")
_RANKS = {
    "All TCs": "",
    "TC 2 or 3": "contender in [2, 3]",
    "TC 4 or 5": "contender in [4, 5]",
    "TC 6+": "contender >= 6",
    "First TC": "contender == 1",
}
#: how outcomes fade in Tables 12 to 17
_FADING = {12: "10", 13: "20", 14: "exp_5", 15: "exp_10", 16: "exp_15", 17: "exp_20"}
_MOST = 15


def _outcomes(fading: str = "linear") -> tuple[str, ...]:
    return tuple(f"{who}_{fading}" for who in ("state_won", "contender_won", "absorbed"))


def copied(states: pd.DataFrame) -> pd.DataFrame:
    """Copy every row for each possible rank of a contender; the event stays on its own rank.

    Examples
    --------
    >>> state = pd.DataFrame({"contender": [2], "emerged": [1]})
    >>> found = copied(state)
    >>> len(found), found["emerged"].tolist()[:3]
    (15, [0, 1, 0])
    """
    copies = [
        states.assign(emerged=states["emerged"].where(states["contender"] == rank, 0))
        for rank in range(1, _MOST + 1)
    ]
    return pd.concat(copies, ignore_index=True)


def _cox(terms: tuple[str, ...], *, elapsed: bool = False, strata: bool = True) -> Specification:
    return Specification(
        "cox",
        f"emerged ~ {' + '.join(terms)}",
        start="elapsed_start" if elapsed else "start",
        stop="elapsed_stop" if elapsed else "stop",
        strata="contender" if strata else None,
        variance="model",
    )


def _by_rank(
    table: str,
    outcomes: tuple[str, ...],
    *,
    regime: str = "liberal_democracy",
    extra: tuple[str, ...] = (),
    tally: bool = True,
    elapsed: bool = False,
    ranks: Mapping[str, str] = _RANKS,
) -> Iterator[Model]:
    """A column per rank of the contender; before the first there are no outcomes yet."""
    controls = (regime, *_CONTROLS, *extra)
    for name, where in ranks.items():
        terms = controls if name == "First TC" else (*_CONTACT, *outcomes, *controls)
        terms += ("tally",) if tally and name == "All TCs" else ()
        yield Model(table, name, _cox(terms, elapsed=elapsed), where)


def _with_frailty(table: str) -> Iterator[Model]:
    """The columns of Table 2 without the tally, with a normal frailty by state."""
    controls = ("liberal_democracy", *_CONTROLS)
    for name, where in _RANKS.items():
        terms = controls if name == "First TC" else (*_CONTACT, *_outcomes(), *controls)
        yield Model(table, name, normal_frailty, where, options={"terms": terms})


_FULL = (*_CONTACT, *_outcomes(), "liberal_democracy", *_CONTROLS, "tally")
_KINDS = ("state_won_linear", "absorbed_linear", "peaceful_linear", "promoted_linear")
_ELAPSED = {name: _RANKS[name] for name in ("All TCs", "TC 2 or 3", "First TC")} | {
    "TC 4+": "contender >= 4"
}
_MODELS = (
    *_by_rank("Table 2", _outcomes()),
    *_by_rank("Table 3", _outcomes(), elapsed=True, ranks=_ELAPSED),
    *_by_rank("Table 4", _KINDS),
    *_by_rank("Table 5", ("state_won_absorbed_linear", "contender_won_linear")),
    *_by_rank("Table 6", _outcomes(), extra=("failure",)),
    *_by_rank("Table 7", _outcomes(), regime="polity"),
    *_by_rank("Table 8", _outcomes(), regime="electoral_democracy"),
    *_by_rank("Table 9", _outcomes(), extra=("birth",)),
    *_by_rank("Table 10", _outcomes(), extra=("rivals",)),
    *_by_rank("Table 11", _outcomes(), extra=("rivals_gd",)),
    *(
        model
        for number, fading in _FADING.items()
        for model in _by_rank(f"Table {number}", _outcomes(fading))
    ),
    Model("Table 18", "All TCs", _cox(_FULL, strata=False)),
    Model("Table 18", "TC 2+", _cox(_FULL, strata=False), "contender >= 2"),
    Model("Table 19", "Elapsed Time", _cox(_FULL, elapsed=True), prepare=copied),
    *_by_rank("Table 20", _outcomes(), tally=False),
    *_with_frailty("Table 21"),
)

STUDY = Study(
    name="lemke-karstens-2021",
    article="lemke_karstens_2021",
    question="How does a state's answer to one challenger bear on the next?",
    sources=("territorial-contenders",),
    tables={
        "Table 2": "Cox models by rank of the contender, gap time",
        "Table 3": "the same on elapsed time",
        "Table 4": "kinds of outcomes apart",
        "Table 5": "absorption counted for the state",
        "Table 6": "with state failure",
        "Table 7": "with the Polity score",
        "Table 8": "with electoral democracy",
        "Table 9": "with the type of birth",
        "Table 10": "with rivals (Thompson)",
        "Table 11": "with rivals (Goertz and Diehl)",
        **{
            f"Table {number}": f"outcomes fading otherwise: {how}"
            for number, how in _FADING.items()
        },
        "Table 18": "without strata",
        "Table 19": "each row copied for every rank",
        "Table 20": "gamma frailty, whose variance is nought",
        "Table 21": "normal frailty by state",
    },
    recipe=(
        "Rows at risk of the contender of a rank, strata by rank, Efron ties.",
        "Standard errors of the model; the printed stars follow those clustered by state.",
        "Before the first contender there are no outcomes, so that column has controls only.",
        "Table 20: the frailty's variance is nought in all columns, so these are fits without it.",
        "Table 21: frailties with a diagonal curvature and R's loop over their variance, which "
        "ends early; with the full curvature some third decimals are others.",
    ),
    models=_MODELS,
    clusters=("cow",),
    left_out="94 numbers: Tables 22 to 24 (Heckman, zero-inflated and truncated models)",
    deviations={
        "frailty": "R's older loop over the frailty's variance left these a little off; R's of "
        "today gives ours",
        "loop": "R's loop over the frailty's variance ends a little earlier than ours",
    },
)
