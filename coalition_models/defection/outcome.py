"""Defections as the outcome of a panel: one event, competing kinds, or repeated events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import as_days, check_arguments
from coalition_models.defection.rules import KINDS
from coalition_models.errors import DataError, first_few
from coalition_models.members.periods import Period, as_period, panel_period, period_number
from coalition_models.members.spells import spell_labels
from coalition_models.record import keep_record, record_of, with_notes
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = ["not_at_risk", "panel_events"]

_GRAVER = "a graver defection in the same period"

HOW = ("first", "competing", "repeated")
_SPELL = ["coalition", "state", "spell"]
#: what a row of a panel must hold, the keys of the spell first
_ROWS = (
    Column("coalition", required=True),
    Column("state", required=True),
    Column("spell", "integer", required=True),
    Column("period", "date", required=True),
    *(Column(name, "number", required=True) for name in ("start", "stop")),
)
_PANEL = [*_SPELL, "period", "start", "stop", "event"]


def panel_events(
    panel: pd.DataFrame,
    defections: pd.DataFrame,
    *,
    kinds: Sequence[str] = KINDS,
    how: str = "first",
    period: str | None = None,
) -> pd.DataFrame:
    """Make coded defections the outcome of a panel, with the right risk sets.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; its own ``event`` is replaced.
    defections : DataFrame
        Made by :func:`code_defections`: ``coalition, state, spell, date, kind``. Dates may be
        text in the order year-month-day.
    kinds : sequence of str
        Which kinds count. Others are ignored, and a full exit that is not among them ends the
        spell without an event.
    how : {"first", "competing", "repeated"}
        ``"first"``: the first defection of a spell is the event; afterwards the member is no
        longer at risk. ``"competing"``: the same, and ``cause`` tells the kind, so that one kind
        ends the risk of the others. ``"repeated"``: a member that defects without leaving stays
        at risk of the next; ``order`` (1 for the first) says for which event, and
        ``gap_start, gap_stop`` count time since the last one. Use ``order`` as strata: only
        who has had the first event is at risk of the second.
    period : {"month", "quarter", "year"}, optional
        Length of the rows, if the panel no longer remembers it.

    Returns
    -------
    DataFrame
        The rows at risk, with ``event`` (0/1), ``cause`` (the kind; empty without an event) and,
        with ``"repeated"``, ``order, gap_start, gap_stop``. ``record_of(...).notes["events"]``
        counts events by kind, rows no longer at risk, and the defections that fall in no row, with
        the reason.

    Raises
    ------
    DataError
        Missing columns, dates that are none, unknown kinds or options.

    Notes
    -----
    Of several defections in one row the gravest is the event (full, cut, task, place, caveat).
    The repeated form is the conditional model of Prentice, Williams and Peterson (1981).

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.coding import code_defections
    >>> from coalition_models.defection.outcome import panel_events
    >>> iraq = cm.load("participation").query("coalition == 'iraq'")
    >>> panel = cm.build_panel(iraq)
    >>> int(panel_events(panel, code_defections(iraq, rule="tago-2009"))["event"].sum())
    21
    """
    check_arguments(panel_events, locals())
    panel = plain_table(panel, "the panel", only=_PANEL)
    defections = plain_table(defections, "defections", dates=["date"])
    chosen = _check(panel, defections, kinds, how)
    unit = _unit(panel, period)
    ordered = panel.sort_values([*_SPELL, "period"], kind="stable", ignore_index=True)
    # pandas copies attributes at every step; they are put back at the end
    ordered.attrs = {}
    coded = defections[[*_SPELL, "kind"]].assign(date=as_days(defections["date"], "date"))
    coded.attrs = {}
    placed, lost = _place(ordered, coded[coded["kind"].isin(chosen)], unit)
    out = ordered.assign(event=0, cause="")
    out.loc[placed["row"], "cause"] = placed["kind"].to_numpy()
    out.loc[placed["row"], "event"] = 1
    earlier = out.groupby(_SPELL)["event"].cumsum() - out["event"]
    if how == "repeated":
        left = (out["cause"] == "full").astype("int64")
        at_risk = (left.groupby([out[c] for c in _SPELL]).cumsum() - left) == 0
        out = _with_order(out, earlier)
    else:
        at_risk = earlier == 0
    kept: pd.DataFrame = out[at_risk.to_numpy(dtype=bool)].reset_index(drop=True)
    keep_record(kept, panel)
    with_notes(
        kept,
        events={
            "how": how,
            "kinds": list(chosen),
            "rule": record_of(defections).notes.get("defections", {}).get("rule", ""),
            "events": {k: int((kept["cause"] == k).sum()) for k in chosen},
            "rows_no_longer_at_risk": int((~at_risk).sum()),
            "not_in_a_row": lost,
        },
    )
    return kept


def _check(
    panel: pd.DataFrame, defections: pd.DataFrame, kinds: Sequence[str], how: str
) -> tuple[str, ...]:
    chosen = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    absent = [c for c in _PANEL if c not in panel.columns]
    lacking = [c for c in (*_SPELL, "date", "kind") if c not in defections.columns]
    problems = []
    if absent:
        problems.append(f"the panel lacks the columns {first_few(absent)}; build_panel() makes it")
    if lacking:
        problems.append(
            f"defections lacks the columns {first_few(lacking)}; code_defections() makes it"
        )
    if how not in HOW:
        problems.append(f"how must be one of {', '.join(HOW)}, not {how!r}")
    if not chosen or set(chosen) - set(KINDS):
        problems.append(f"kinds must be among {', '.join(KINDS)}; found {list(chosen)}")
    problems += [] if absent else Contract("panel", _ROWS).problems(panel)
    problems += [] if lacking else _check_coded(defections)
    if problems:
        raise DataError("; ".join(problems))
    return chosen


def _check_coded(defections: pd.DataFrame) -> list[str]:
    found = Contract("defections", _ROWS[:3]).problems(defections)
    unknown = defections.loc[~defections["kind"].isin(KINDS), "kind"]
    undated = defections[defections["date"].isna()]
    if len(unknown):
        found.append(
            f"kinds of defections are {', '.join(KINDS)}; found {first_few(dict.fromkeys(unknown))}"
        )
    if len(undated):
        found.append(f"defections without a date: {first_few(spell_labels(undated))}")
    return found


def _unit(panel: pd.DataFrame, period: str | None) -> Period:
    kept = record_of(panel).panel.get("period")
    if period is not None and kept is not None and as_period(period) != kept:
        raise DataError(
            f"period={period!r}, but the panel says that its rows are one {kept} long; leave "
            "period= out, or build the panel anew"
        )
    named = period or kept
    if named is None:
        raise DataError("the panel does not say how long its periods are: give period='month'")
    unit = as_period(str(named))
    panel_period(panel, unit)
    return unit


def _place(
    panel: pd.DataFrame, defections: pd.DataFrame, unit: Period
) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    """Find the row of each defection; tell why the others have none."""
    rows = panel[_SPELL].assign(
        number=period_number(panel["period"], unit).astype("int64"), row=panel.index
    )
    wanted = defections[[*_SPELL, "date", "kind"]].assign(
        number=period_number(defections["date"], unit).astype("int64"),
        rank=defections["kind"].map({k: i for i, k in enumerate(KINDS)}),
    )
    found = wanted.merge(rows, on=[*_SPELL, "number"], how="left")
    found = found.sort_values(["rank", "date"], kind="stable")
    spells = set(map(tuple, rows[_SPELL].drop_duplicates().itertuples(index=False)))
    outside = found["row"].isna()
    second = ~outside & found.duplicated("row")
    lost = [
        {
            "defection": f"{r.coalition} {r.state}-{r.spell} {r.kind} {r.date:%Y-%m-%d}",
            "reason": _why((r.coalition, r.state, r.spell) in spells, bool(r.outside)),
        }
        for r in found.assign(outside=outside)[outside | second]
        .sort_index()
        .itertuples(index=False)
    ]
    placed = found[~outside & ~second]
    return placed.astype({"row": "int64"}), lost


def _why(spell_known: bool, outside: bool) -> str:
    if not spell_known:
        return "the spell is not in the panel"
    return "not at risk in that period" if outside else _GRAVER


def not_at_risk(coded: pd.DataFrame) -> list[str]:
    """Defections that :func:`panel_events` could not place, since nobody was at risk then.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.facts("iraq")
    >>> found = cm.code_defections(iraq.members, rule="tago-2009")
    >>> not_at_risk(cm.panel_events(cm.build_panel(iraq), found))
    []
    """
    lost = record_of(coded).notes.get("events", {}).get("not_in_a_row", ())
    return [row["defection"] for row in lost if row["reason"] != _GRAVER]


def _with_order(out: pd.DataFrame, earlier: pd.Series) -> pd.DataFrame:
    """Add for which event a row is at risk, and the time since the last one."""
    order = earlier.to_numpy(dtype=np.int64) + 1
    keys = [out[c] for c in _SPELL]
    first = out["start"].groupby([*keys, pd.Series(order, index=out.index)]).transform("min")
    # before the first event time counts from the panel's own origin
    origin: npt.NDArray[np.int64] = np.where(order == 1, 0, first.to_numpy(dtype=np.int64))
    return out.assign(order=order, gap_start=out["start"] - origin, gap_stop=out["stop"] - origin)
