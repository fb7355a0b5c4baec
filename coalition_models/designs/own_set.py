"""What an analysis set of a user's own facts is made of."""

from __future__ import annotations

import pandas as pd

from coalition_models.defection.profile import operational_profile
from coalition_models.designs.set_data import SetData
from coalition_models.errors import DataError, counted
from coalition_models.members.facts import Facts

__all__ = ["LACKS", "OWN", "own_data", "told_of_own"]

#: variant, and family of features, of sets of a user's own facts
OWN = "own"
#: table of facts -> what a set without it cannot tell
LACKS = {
    "troops": "rules that look at the size of falls are refused",
    "changes": "no change of task, place or rules is known, and of no cut whether it was planned",
    "deaths": "nobody's losses are known",
}


def own_data(facts: Facts, *, period: str = "month", clock: str = "entry") -> SetData:
    """Gather what a set of one's own facts is made of.

    Parameters
    ----------
    facts : Facts
        Of one coalition or of several; these and no others are read.
    period, clock : str
        As in :func:`build_panel`.

    Raises
    ------
    DataError
        If the facts hold no members, or no coalitions.

    Examples
    --------
    >>> import coalition_models as cm
    >>> own_data(cm.facts("iraq").replace(deaths=None)).limits[0]
    "The facts hold no deaths: nobody's losses are known."
    """
    members, coalitions = facts.members, facts.coalitions
    absent = [name for name in ("members", "coalitions") if facts.table(name) is None]
    if members is None or coalitions is None:
        raise DataError(
            f"a set needs members and coalitions, and the facts hold no {' and no '.join(absent)}: "
            f"Facts({', '.join(f'{name}=...' for name in absent)}, ...)"
        )
    limits = [
        f"The facts hold no {n}: {why}." for n, why in LACKS.items() if facts.table(n) is None
    ]
    if "exit_kind_alt" in members.columns:
        doubtful = int(members["exit_kind_alt"].notna().sum())
        fair = "could be coded otherwise by a fair reader (exit_kind_alt)"
        limits.append(f"{counted(doubtful, 'exit')} {fair}.")
    if facts.troops is not None:
        limits.append("Falls in strength are ranked among those of these facts alone.")
    present = list(dict.fromkeys(members["coalition"]))
    return SetData(
        title=f"Own facts: {', '.join(present)}",
        members=members,
        coalitions=coalitions,
        period=period,
        clock=clock,
        outcome="the spell ended early, as coded in the facts",
        limits=tuple(limits),
        sources=tuple(n for t in ("members", "coalitions") for n in facts.sources.get(t, ())),
        profile=None if facts.troops is None else operational_profile(facts),
        changes=facts.changes,
        facts=facts,
    )


def told_of_own(panel: pd.DataFrame, features: list[str], missing: dict[str, str]) -> str:
    """Say which features a set of one's own facts lacks, in all rows or in some.

    Examples
    --------
    >>> told_of_own(pd.DataFrame({"x": [1.0, None]}), ["x"], {})
    'of 1 feature 1 is missing in some rows, which no model with it uses: x 50%'
    """
    parts = []
    if missing:
        reasons = "; ".join(f"{idea} ({reason})" for idea, reason in missing.items())
        parts.append(f"{counted(len(missing), 'kind')} of feature left out: {reasons}")
    share = panel[features].isna().mean()
    partly = share[share > 0]
    if len(partly):
        listing = ", ".join(f"{name} {part:.0%}" for name, part in partly.items())
        verb = "is" if len(partly) == 1 else "are"
        parts.append(
            f"of {counted(len(features), 'feature')} {len(partly)} {verb} missing in some rows, "
            f"which no model with it uses: {listing}"
        )
    return "; ".join(parts)
