"""The leader table as sets: Mello's anchors where they are known, ours where they are not."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import AbsentError, DataError, first_few, warn
from coalition_models.qca.analysis import Analysis
from coalition_models.record import with_notes

__all__ = ["leader_analysis", "leader_sets", "published_paths"]

Comparison = Literal["all", "mandate"]

#: Mello's, from his script: full exclusion, crossover, full inclusion
_ANCHORS = {"P": (6.25, 5.0, 3.75), "C": (1.5, 1.0, 0.5), "F": (0.005, 0.006, 0.50)}
#: condition -> the column of the leader table that stands for it
_RAW = {
    "L": "leader_change",
    "E": "election_near",
    "P": "left_right",
    "C": "relative_commitment",
    "F": "relative_fatalities",
    "W": "early_exit",
}
#: ours: his script takes L, E and W ready made, and his expectations were not seen
_EXPECTED = {"L": 1, "P": 1, "C": 1, "F": 1}
#: the intermediate solution of the article
_PATHS = ("L*~E*P", "~E*F", "~L*~E*~P", "~L*~E*C")
#: ends of a case that come from the calendar of the coalition, not of the leader
_MANDATE = ("mission_end",)


def published_paths() -> list[str]:
    """The paths to early withdrawal of Mello (2020), his intermediate solution.

    L new leader, E election ahead, P leftist, C low commitment, F fatalities.

    Examples
    --------
    >>> import coalition_models as cm
    >>> " + ".join(cm.qca.published_paths())
    'L*~E*P + ~E*F + ~L*~E*~P + ~L*~E*C'
    """
    return list(_PATHS)


def leader_analysis(
    cases: pd.DataFrame | None = None,
    *,
    comparison: Comparison = "all",
    commitment: bool = True,
) -> Analysis:
    """Plan the analysis of Mello (2020) on leaders of this package's facts.

    Parameters
    ----------
    cases : DataFrame, optional
        Made by :func:`leader_cases`; that of Iraq by default.
    comparison : {"all", "mandate"}
        Which leaders who did not leave early are compared with: all, or only those whose case
        ended with the mandate. A case that ends because its leader left office ends after an
        election more often than not, whatever elections do to withdrawals.
    commitment : bool
        Take low commitment as a condition, which needs an external source.

    Returns
    -------
    Analysis
        Raw ``P``, ``C`` and ``F`` with Mello's anchors, rounded to two decimals; ``L``, ``E`` and
        ``W`` crisp: took office after the state had come, an election within the window of the
        cases, early exit; consistency cut .75, frequency cut 1, intermediate, without the remainder
        ~L*~E*P*~C*~F that he bars. Ours: the measures behind the anchors (fatalities per million
        inhabitants, per cent of the armed forces) and the expectations (L, P, C, F; none of E).

    Raises
    ------
    DataError
        A table that :func:`leader_cases` did not make; low commitment known of nobody.

    Examples
    --------
    >>> import coalition_models as cm
    >>> plan = cm.qca.leader_analysis(commitment=False)
    >>> plan.conditions, plan.anchors["P"]
    (['L', 'E', 'P', 'F'], (6.25, 5.0, 3.75))
    """
    check_arguments(leader_analysis, locals())
    table = leader_cases("iraq") if cases is None else cases
    gone = [name for name in [*_RAW.values(), "case", "ended_by"] if name not in table.columns]
    if gone:
        raise AbsentError(f"no column {first_few(gone)}: leader_cases() makes them")
    if comparison not in ("all", "mandate"):
        raise DataError(f"comparison must be 'all' or 'mandate', not {comparison!r}")
    raw = pd.DataFrame({name: table[column] for name, column in _RAW.items()})
    raw.index = pd.Index(table["case"].str.replace(" ", ""), name="case")
    if commitment and raw["C"].isna().all():
        raise DataError(
            "relative commitment is known of no leader: it comes from an external source "
            "(coalition-models data fetch cow-capabilities); or take commitment=False"
        )
    conditions = [name for name in "LEPCF" if commitment or name != "C"]
    if comparison == "mandate":
        ended = table["ended_by"].isin(_MANDATE).to_numpy()
        raw = raw[(raw["W"] == 1).to_numpy() | ended]
    barred = "~L*~E*P*~C*~F" if commitment else "~L*~E*P*~F"
    return Analysis(
        raw[[*conditions, "W"]],
        "W",
        conditions,
        anchors={name: _ANCHORS[name] for name in conditions if name in _ANCHORS},
        digits=2,
        consistency_cut=0.75,
        kind="intermediate",
        expectations={name: value for name, value in _EXPECTED.items() if name in conditions},
        exclude=(barred,),
    )


def leader_sets(
    cases: pd.DataFrame | None = None,
    *,
    comparison: Comparison = "all",
    commitment: bool = True,
) -> pd.DataFrame:
    """Membership of leaders in the sets of Mello (2020).

    Parameters
    ----------
    cases, comparison, commitment
        As for :func:`leader_analysis`.

    Returns
    -------
    DataFrame
        By ``case``: ``L, E, P, C, F, W``; leaders of whom a condition is unknown are left out, and
        ``record_of(...).notes["leaders"]`` says who for want of what.

    Warns
    -----
    CoalitionWarning
        How many are left out, and for want of what.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.errors import gathered
    >>> with gathered() as told:
    ...     sets = cm.qca.leader_sets(commitment=False)
    >>> told
    ['48 of 81 leaders are left out; unknown: E of 2, P of 48, F of 2']
    >>> sets.loc["ESP2"].tolist()
    [1.0, 0.0, 0.95, 0.82, 1.0]
    """
    plan = leader_analysis(cases, comparison=comparison, commitment=commitment)
    table = plan.members()
    gaps = table.isna()
    lost = table.index[gaps.any(axis=1)]
    if len(lost):
        told = ", ".join(f"{name} of {n}" for name, n in gaps.sum().items() if n)
        warn(f"{len(lost)} of {len(table)} leaders are left out; unknown: {told}")
    known = table[~gaps.any(axis=1)].astype("float64")
    return with_notes(
        known,
        leaders={
            "comparison": comparison,
            "left_out": {
                str(case): [str(name) for name, gap in row.items() if gap]
                for case, row in gaps[gaps.any(axis=1)].iterrows()
            },
            "anchors": {name: list(points) for name, points in plan.anchors.items()},
        },
    )
