"""Does defecting in part come before leaving, or in its place? Counts and rates by set."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.defection.moves import defection_moves
from coalition_models.defection.rules import DefectionRule
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.designs.outcomes import ANY_RULE
from coalition_models.models.after.rates import incidence_rates

__all__ = ["form_moves"]


def form_moves(sets: Sequence[AnalysisSet], rule: DefectionRule | str = ANY_RULE) -> pd.DataFrame:
    """Rates of leaving before and after a first defection in part.

    Parameters
    ----------
    sets : sequence of AnalysisSet
        Of facts whose changes are coded.
    rule : DefectionRule or str

    Returns
    -------
    DataFrame
        One row per set and state (``whole, reduced``): ``set, state, spells, years, reduced``
        (first defections in part, from ``whole``), ``left, rate, conf_low, conf_high`` (exact, in
        100 member-years), and of ``reduced`` the ``ratio, ratio_low, ratio_high, p_value`` to
        ``whole``. Who defects in part is not like the others, and is longer there: the ratio
        describes, and is no effect.

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = form_moves([cm.analysis_set("iraq", features=False)])
    >>> table[["state", "spells", "reduced", "left"]].to_numpy().tolist()
    [['reduced', 8, 0, 4], ['whole', 51, 8, 17]]
    """
    parts = []
    for one in sets:
        moves = defection_moves(one.recode(rule, how="repeated"))
        gone = moves.assign(left=(moves["to"] == "out").astype("int64"))
        rates = incidence_rates(gone, "from", event="left", reference="whole")
        cut = gone[(gone["from"] == "whole") & (gone["to"] == "reduced")]
        parts.append(
            pd.DataFrame(
                {
                    "set": one.name,
                    "state": rates["from"],
                    "spells": rates["members"],
                    "years": rates["time"],
                    "reduced": [len(cut) if state == "whole" else 0 for state in rates["from"]],
                    "left": rates["events"],
                    **{name: rates[name] for name in ("rate", "conf_low", "conf_high")},
                    **{name: rates[name] for name in _RATIO},
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


_RATIO = ("ratio", "ratio_low", "ratio_high", "p_value")
