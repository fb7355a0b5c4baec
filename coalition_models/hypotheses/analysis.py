"""All claims on all data sets at hand, and the contested ones in every variant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from coalition_models.arguments import check_arguments, check_workers
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.sets import set_records
from coalition_models.hypotheses.contested import Contested, contest
from coalition_models.hypotheses.result import Verdicts
from coalition_models.hypotheses.verdicts import test_hypotheses
from coalition_models.processes import in_processes
from coalition_models.sources.fetch import at_hand

__all__ = ["HypothesisAnalysis", "analyse_hypotheses", "pooled_exits"]

_DEMOCRACY = ("polity5", "democracy-bmr")
#: exchanges of calendars in a run, and in one with FULL=1 in the environment
_DRAWS, _ALL_DRAWS, _FULL = 199, 1999, "FULL"
#: the finding of which it is asked which facts would help most, and worlds drawn for that
_HEADLINE, _WORLDS = ("elections", "iraq"), 10
_CONTESTED_SOURCES = ("participation", "coalitions", "elections", "leaders")


@dataclass(frozen=True)
class HypothesisAnalysis:
    """What :func:`analyse_hypotheses` finds.

    Attributes
    ----------
    verdicts : Verdicts
    contested : mapping
        ``elections_iraq`` and the like -> :class:`Contested`.
    absent : mapping
        Contested claim -> why it could not be looked at.
    sources : tuple of str
        Tables that all of it rests on.
    pooled : mapping
        Set of several whole coalitions -> its early exits by coalition.
    """

    verdicts: Verdicts
    contested: Mapping[str, Contested]
    absent: Mapping[str, str]
    sources: tuple[str, ...]
    pooled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def analyse_hypotheses(*, workers: int = 1, progress: bool = False) -> HypothesisAnalysis:
    """Test every claim on the data at hand and take the contested ones apart.

    Parameters
    ----------
    workers : int
        As in :func:`test_hypotheses`.
    progress : bool
        Show a progress bar.

    Returns
    -------
    HypothesisAnalysis

    Examples
    --------
    All claims take minutes, ``analyse_hypotheses(workers=4)``; one claim on one data set, as it is
    tested there, takes seconds:

    >>> import coalition_models as cm
    >>> found = cm.test_hypotheses("iraq", ["H02"], robust=False)
    >>> found.table[["claim", "events"]].to_dict("records")
    [{'claim': 'H02', 'events': 21}]
    """
    check_arguments(analyse_hypotheses, locals())
    check_workers(workers)
    verdicts = test_hypotheses(workers=workers, progress=progress)
    known = [name for name in _DEMOCRACY if at_hand(name)]
    claims = ("elections", "democracy") if known else ("elections",)
    coalitions = [one.name for one in set_records() if one.bundled and not one.apart]
    pairs = list(product(claims, coalitions))
    draws = _ALL_DRAWS if os.environ.get(_FULL) == "1" else _DRAWS
    found = in_processes(
        _contested, ((*pair, draws, _WORLDS if pair == _HEADLINE else 0) for pair in pairs), workers
    )
    contested = {"_".join(pair): one for pair, one in zip(pairs, found, strict=True)}
    absent = {} if known else {"democracy": f"needs one of {', '.join(_DEMOCRACY)}"}
    sources = dict.fromkeys([*verdicts.sources, *_CONTESTED_SOURCES, *known])
    return HypothesisAnalysis(verdicts, contested, absent, tuple(sources), pooled_exits())


def _contested(claim: str, coalition: str, draws: int, worlds: int) -> Contested:
    return contest(claim, coalition, draws=draws, worlds=worlds)


def pooled_exits() -> dict[str, dict[str, int]]:
    """Count early exits by coalition of the sets that pool whole coalitions.

    Examples
    --------
    >>> pooled_exits()["contemporary"]["iraq"]
    21
    """
    found = {}
    for one in set_records():
        if one.bundled and one.apart:
            panel = analysis_set(one.name, features=False).panel
            exits = panel[panel["event"] == 1].groupby("coalition", sort=False).size()
            found[one.name] = {str(name): int(n) for name, n in exits.items()}
    return found
