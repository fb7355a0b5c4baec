"""Exits followed to their sources: both codings, the second coder, statements, what was revised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.members.bundled_facts import facts as bundled
from coalition_models.members.bundled_facts import revision_of
from coalition_models.members.facts import Facts
from coalition_models.members.spell_checks import EVENT_KINDS
from coalition_models.render import listing
from coalition_models.sources.load import load

__all__ = ["trace_exits"]

_KEY = ["coalition", "state", "spell"]
_CODED = (
    "exit", "exit_precision", "exit_confidence", "exit_kind", "exit_kind_alt", "exit_kind_reason",
    "exit_source", "announced", "announced_precision", "announced_by", "announced_source", "note",
)  # fmt: skip
_SECOND = {
    "exit": "second_exit",
    "exit_kind": "second_kind",
    "exit_kind_alt": "second_kind_alt",
    "source": "second_source",
    "round": "second_round",
}


def trace_exits(
    which: str | Sequence[str] | Facts | None = None,
    *,
    kinds: Sequence[str] = ("early",),
    contested: bool = True,
) -> pd.DataFrame:
    """Follow every exit of some kinds to the pages behind it, one row per spell.

    Parameters
    ----------
    which : str, sequence of str or Facts, optional
        Names of bundled coalitions (all of them if absent), or facts: bundled ones of another
        revision or operation, or your own.
    kinds : sequence of str
        Kinds of exit, as in ``exit_kind``.
    contested : bool
        Whether spells that have such a kind only as their other defensible coding count too.

    Returns
    -------
    DataFrame
        ``coalition, state, spell``; the coding with its reason and pages, as in
        ``participation``; ``second_exit, second_kind, second_kind_alt, second_source,
        second_round`` (the second coder's); ``statements`` (every announcement that the second
        coder found, with what became of it), ``decided_with`` and ``ground`` (other exits of the
        same decision); ``revised`` (columns that the newest revision changed, with old and new
        value), ``pages`` (all sources of the row). Columns of the second coder, of joint exits
        and of revisions are empty for facts of one's own.

    Raises
    ------
    DataError
        Unknown coalitions or kinds; facts without members.

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = cm.trace_exits("iraq")
    >>> len(table), bool((table["pages"] != "").all())
    (24, True)
    >>> table.set_index("state").loc["HND", "decided_with"]
    'iraq DOM-1, iraq ESP-1'
    """
    check_arguments(trace_exits, locals())
    names = [which] if isinstance(which, str) else which
    held = names if isinstance(names, Facts) else bundled(*(names or ()), operation="all")
    wanted = [kinds] if isinstance(kinds, str) else list(kinds)
    unknown = [kind for kind in wanted if kind not in EVENT_KINDS]
    if unknown or not wanted:
        raise DataError(f"kinds must be among {', '.join(EVENT_KINDS)}; found {first_few(unknown)}")
    if held.members is None:
        raise DataError("the facts hold no members: there is nobody who could have left")
    spells = held.members
    hit = spells["exit_kind"].isin(wanted)
    if contested and "exit_kind_alt" in spells.columns:
        hit |= spells["exit_kind_alt"].isin(wanted)
    out = spells.loc[hit.to_numpy(dtype=bool)].reset_index(drop=True)
    out = out[[*_KEY, *(c for c in _CODED if c in out.columns)]]
    out.attrs = {}
    own = revision_of(held) is None
    out = out.merge(_second(own), on=_KEY, how="left").astype({"second_round": "Int64"})
    out = out.merge(_statements(own), on=_KEY, how="left")
    out = out.merge(_joint(own), on=_KEY, how="left")
    out = out.merge(_revised(own), on=_KEY, how="left")
    texts = ["statements", "decided_with", "ground", "revised"]
    out[texts] = out[texts].astype(object).where(out[texts].notna(), "")
    pages = [c for c in ("exit_source", "announced_source", "second_source", "page") if c in out]
    out["pages"] = [_joined(row) for row in out[pages].itertuples(index=False)]
    out = out.drop(columns="page").sort_values(_KEY, ignore_index=True)
    return listing(
        out, [*_KEY, "exit", "exit_kind", "exit_kind_alt", "second_kind", "decided_with"]
    )


def _joined(texts: Iterable[object]) -> str:
    """Sources without repetition; several stand in one cell, divided by a bar."""
    known = [part for text in texts if isinstance(text, str) for part in text.split(" | ")]
    return " | ".join(dict.fromkeys(known))


def _second(own: bool) -> pd.DataFrame:
    table = load("second_coder_sample")
    return table.head(0 if own else len(table))[[*_KEY, *_SECOND]].rename(columns=_SECOND)


def _statements(own: bool) -> pd.DataFrame:
    table = load("announcements")
    table = table[table["announced"].notna()].head(0 if own else len(table))
    said = table["announced"].dt.strftime("%Y-%m-%d") + " (" + table["precision"].astype(str) + ") "
    said = said + table["firm"].astype(str) + ", " + table["status"].astype(str)
    groups = table.assign(said=said).groupby(_KEY)
    together = groups.agg(statements=("said", "; ".join), page=("source", _joined))
    return together.astype(object).reset_index()


def _joint(own: bool) -> pd.DataFrame:
    table = load("joint_exits")
    table = table.head(0 if own else len(table))
    label = table["coalition"] + " " + table["state"] + "-" + table["spell"].astype(str)
    groups = label.groupby(table["group"]).agg(list).to_dict()
    others = [
        ", ".join(one for one in groups[group] if one != mine)
        for group, mine in zip(table["group"], label, strict=True)
    ]
    out = table[[*_KEY, "ground"]].assign(decided_with=others)
    return out.astype({"decided_with": object})


def _revised(own: bool) -> pd.DataFrame:
    table = load("revisions")
    table = table.head(0 if own else len(table))
    kept = table[~table["field"].str.endswith(("_source", "_confidence"))]
    old, new = (kept[name].fillna("nothing").astype(str) for name in ("old", "new"))
    told = kept["field"].astype(str) + ": " + old + " to " + new
    groups = kept.assign(revised=told).groupby(_KEY)["revised"].agg("; ".join)
    return groups.astype(object).reset_index().astype({"spell": "int64"})
