"""Partial cuts: significant falls in strength that nobody had planned."""

from __future__ import annotations

import pandas as pd

from coalition_models.defection.candidates import SetAside, sizes_of, text_of, unplanned
from coalition_models.defection.rules import DefectionRule

__all__ = ["significant_cuts"]

_SPELL = ["coalition", "state", "spell"]
#: months by which a list of strengths may be late in showing a change
_LAG = 3


def significant_cuts(
    ranked: pd.DataFrame,
    moves: pd.DataFrame | None,
    rule: DefectionRule,
    aside: SetAside,
) -> pd.DataFrame:
    """Significant falls in strength that are no exit and were not planned."""
    cuts = ranked[ranked["significant"].astype(bool) & ~ranked["full"].astype(bool)]
    cuts = cuts.reset_index(drop=True)
    spoken = _with_change(cuts, moves, rule)
    named = "fall of " + spoken["period"].dt.strftime("%Y-%m")
    silent = spoken["planned"].isna()
    if rule.uncoded == "leave_out":
        aside.add(spoken[silent], named[silent], "significant, but whether planned is not coded")
        keep = ~silent
    else:
        keep = pd.Series(True, index=spoken.index)
    spoken["planned"] = spoken["planned"].fillna("not coded")
    planned = ~silent & ~unplanned(spoken["planned"], rule)
    aside.add(spoken[planned], named[planned], "significant, but planned or unclear")
    out = spoken[keep & ~planned]
    return pd.DataFrame(
        {
            **{name: out[name] for name in (*_SPELL, "cow")},
            "date": out["change_date"].fillna(out["date"]),
            "kind": "partial_cut",
            **sizes_of(out),
            "planned": out["planned"],
            "contested": (out["planned"] != "no") | _counted_otherwise(out),
            "reason": text_of(out, "reason"),
            "source": _both(
                text_of(out, "change_source"), out["source_before"], out["source_after"]
            ),
            "confidence": out["confidence"].fillna("low"),
            "date_precision": out["date_precision"].fillna("month"),
            "rests_on": _rests_on_fall(out),
        }
    )


def _both(change: pd.Series, before: pd.Series, after: pd.Series) -> pd.Series:
    lists = before.fillna("").astype("object") + " | " + after.fillna("").astype("object")
    lists = lists.where(lists != " | ", "")
    glue = pd.Series(" | ", index=change.index).where((change != "") & (lists != ""), "")
    joined: pd.Series = change + glue + lists
    return joined


def _rests_on_fall(out: pd.DataFrame) -> list[str]:
    changes = [
        "no coded change" if day == "never" else f"profile_changes: {who} {change} {day}"
        for who, change, day in zip(
            out["coalition"] + " " + out["state"],
            out["change"],
            out["change_date"].map(_day),
            strict=True,
        )
    ]
    return [
        f"troops: {before:g} (observed {_day(seen)}) to {after:g} (observed {_day(later)})"
        + (", lists that count differently" if otherwise else "")
        + f"; {text}"
        for before, seen, after, later, text, otherwise in zip(
            out["before"],
            out["observed_before"],
            out["after"],
            out["observed_after"],
            changes,
            _counted_otherwise(out),
            strict=True,
        )
    ]


def _counted_otherwise(falls: pd.DataFrame) -> pd.Series:
    """Falls between two lists that count differently: they may be no fall."""
    if "counting_change" not in falls.columns:
        return pd.Series(False, index=falls.index)
    return falls["counting_change"].eq(True)


def _day(date: object) -> str:
    return f"{date:%Y-%m-%d}" if isinstance(date, pd.Timestamp) and not pd.isna(date) else "never"


def _with_change(
    cuts: pd.DataFrame, moves: pd.DataFrame | None, rule: DefectionRule
) -> pd.DataFrame:
    """Put beside each fall the coded change that speaks for it, if there is one."""
    columns = ["change", "change_date", "planned", "reason", "change_source", "confidence"]
    columns += ["date_precision"]
    if moves is None or moves.empty or cuts.empty:
        blank = cuts.assign(**dict.fromkeys(columns))
        return blank.assign(change_date=pd.to_datetime(blank["change_date"]))
    size = (
        moves["troops_before"] - moves["troops_after"]
        if {"troops_before", "troops_after"} <= set(moves.columns)
        else pd.Series(float("nan"), index=moves.index)
    )
    known = moves.assign(
        size=size.astype("Float64"),
        change_date=moves["date"],
        change_source=text_of(moves, "source"),
    )
    for name in ("reason", "confidence", "date_precision"):
        known[name] = text_of(known, name)
    lowers = (known["change"] == "drawdown") | (known["size"] > 0).fillna(False)
    known = known[lowers][[*_SPELL, *columns, "size"]]
    pairs = cuts[[*_SPELL, "period", "date"]].reset_index().merge(known, on=_SPELL)
    months = pairs["date"].dt.year * 12 + pairs["date"].dt.month
    apart = (pairs["change_date"].dt.year * 12 + pairs["change_date"].dt.month - months).abs()
    same = pairs["change_date"].dt.year == pairs["date"].dt.year
    near = (apart <= _LAG) | (same if rule.every == "year" else False)
    pairs = pairs[near].assign(apart=apart[near], drawdown=pairs["change"] == "drawdown")
    best = pairs.sort_values(
        ["index", "drawdown", "size", "apart"],
        ascending=[True, False, False, True],
        kind="stable",
    ).drop_duplicates("index")
    return cuts.join(best.set_index("index")[columns])
