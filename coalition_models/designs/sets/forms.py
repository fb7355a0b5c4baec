"""Iraq and ISAF with every row twice: at risk of leaving, and of defecting in part."""

from __future__ import annotations

import pandas as pd

from coalition_models.defection.outcome import panel_events
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.designs.set_tables import with_peak
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.record import record_of, with_panel

__all__ = ["SET"]

_COALITIONS = ("iraq", "isaf")


def _rows() -> tuple[pd.DataFrame, Counts]:
    """The stacked form of Lunn and McNeil (1995) for competing kinds.

    The product of a term with ``partial`` says whether it turns one kind into the other.
    """
    parts = []
    for coalition in _COALITIONS:
        found = analysis_set(coalition, features=False)
        rows = panel_events(
            with_peak(found.panel, found.members), found.defections("mcinnis"), how="competing"
        )
        for partial in (0, 1):
            kind = (rows["cause"] == "full") if partial == 0 else ~rows["cause"].isin(["", "full"])
            parts.append(
                rows.assign(
                    event=kind.astype(int),
                    partial=partial,
                    in_isaf=int(coalition == "isaf"),
                    # the copy is a history of its own
                    spell=rows["spell"] + 1000 * partial,
                )
            )
    panel = pd.concat(parts, ignore_index=True)
    with_panel(
        panel,
        record_of(parts[0]).panel,
        facts=bundled_facts(_COALITIONS),
        sources=record_of(parts[0]).sources,
    )
    counts = panel.groupby("partial")["event"].sum()
    return panel, {"full": int(counts[0]), "in_part": int(counts[1])}


SET = SetRecord(
    name="forms",
    title="Forms of defection in Iraq and ISAF",
    place="Iraq and Afghanistan (ISAF)",
    order=3,
    rows=_rows,
    outcome="the main contingent left, or the member defected in part, by the default reading of "
    "McInnis's rule",
    unit="member-month, (start, stop], once for each of the two kinds",
    event="form of defection",
    about="member-month of Iraq and ISAF, once at risk of leaving ({full} events) and once of "
    "defecting in part ({in_part}), by the default reading of McInnis's rule, under which "
    "an exit counts if it is among the largest falls from one year to the next, so that exits "
    "without two known strengths, and those that leave staff behind, mostly do not; a "
    "member's first defection ends its time at risk",
    limits=(
        "Every row and every spell stands here twice, once for each kind; events do not.",
        "These are the exits of iraq and isaf in another form, no further evidence.",
    ),
    given=False,
    apart=True,
    brings=("partial", "in_isaf"),
)
