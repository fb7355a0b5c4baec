"""Does a term act on whether states defect, and on how? Moves, and what they carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coalition_models.defection.moves import defection_moves
from coalition_models.defection.rules import DefectionRule
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.designs.outcomes import ANY_RULE
from coalition_models.errors import DataError, FitError, gathered
from coalition_models.models.after.causes import compare_causes
from coalition_models.models.competing.api import multistate
from coalition_models.models.cox.api import cox

__all__ = ["LEAST_EVENTS", "MOVES", "form_effects", "moved_effects"]

#: moves between states, in the order in which they are shown
MOVES = ("whole to reduced", "whole to out", "reduced to out")
#: events that a move needs for one term: below this an estimate is told and not leant on
LEAST_EVENTS = 10
_NOTHING = ("ratio", "ratio_low", "ratio_high", "p_value")


def form_effects(
    sets: Sequence[AnalysisSet],
    terms: Mapping[str, str],
    rule: DefectionRule | str = ANY_RULE,
) -> pd.DataFrame:
    """Estimate a term on every move of whole, reduced and out, and test whether the forms differ.

    Parameters
    ----------
    sets : sequence of AnalysisSet
        Of facts whose changes are coded, with the columns of the terms.
    terms : mapping
        What a term stands for -> its column.
    rule : DefectionRule or str

    Returns
    -------
    DataFrame
        As :func:`moved_effects`, with ``set`` and ``about`` in front.

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = form_effects([cm.analysis_set("iraq")], {"risk": "log_deaths_weighted"})
    >>> table[["move", "events", "carries"]].to_numpy().tolist()[:2]
    [['any first defection', 25, True], ['whole to reduced', 8, False]]
    """
    parts = []
    for one in sets:
        moves = defection_moves(one.recode(rule, how="repeated"))
        for about, term in terms.items():
            found = moved_effects(moves, term)
            found.insert(0, "set", one.name)
            found.insert(1, "about", about)
            parts.append(found)
    return pd.concat(parts, ignore_index=True)


def moved_effects(moves: pd.DataFrame, term: str) -> pd.DataFrame:
    """Ratios of a term on each move, with the test of whether against how.

    ``any first defection`` says whether a term acts on whether members defect. ``full against in
    part`` compares the term's coefficients on the two moves out of whole, each with a baseline of
    its own: its ratio is that on leaving over that on defecting in part.

    Parameters
    ----------
    moves : DataFrame
        Made by :func:`defection_moves`, with the column ``term``.
    term : str

    Returns
    -------
    DataFrame
        ``term, move, events, exposed_events`` (of a term of two values; of a comparison of two
        moves both are those of the rarer), ``ratio, ratio_low,
        ratio_high, p_value`` (jackknife by state), ``carries`` (ten events or more, and an
        estimate), ``problem``.

    Raises
    ------
    DataError
        A panel without the term.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.defection_moves(
    ...     cm.analysis_set("iraq").recode("mcinnis-coded", how="repeated"))
    >>> moved_effects(iraq, "log_deaths_weighted")["move"].tolist()[-1]
    'full against in part'
    """
    if term not in moves.columns:
        raise DataError(f"the moves have no column {term!r}: build it on the panel first")
    rows = moves[moves[term].notna()].reset_index(drop=True)
    rows = rows.assign(moved=rows["from"] + " to " + rows["to"])
    lines = [_whether(rows, term)]
    lines += [_move(rows, term, move) for move in MOVES]
    lines.append(_how(rows, term))
    table = pd.DataFrame(lines)
    table.insert(0, "term", term)
    table["carries"] = table["events"].ge(LEAST_EVENTS) & table["problem"].eq("")
    return table


def _counts(rows: pd.DataFrame, term: str, happened: pd.Series) -> dict[str, object]:
    values = rows.loc[happened, term]
    two = set(rows[term].unique()) <= {0, 1}
    return {
        "events": int(happened.sum()),
        "exposed_events": int(values.sum()) if two else np.nan,
        **dict.fromkeys(_NOTHING, np.nan),
        "problem": "",
    }


def _line(tidy: pd.DataFrame) -> dict[str, object]:
    row = tidy.iloc[0]
    names = ("estimate", "conf_low", "conf_high", "p_value")
    return {name: float(row[one]) for name, one in zip(_NOTHING, names, strict=True)}


def _whether(rows: pd.DataFrame, term: str) -> dict[str, object]:
    whole = rows[rows["from"] == "whole"]
    whole = whole.assign(event=(whole["to"] != "whole").astype("int64"))
    line = {"move": "any first defection", **_counts(whole, term, whole["event"] == 1)}
    try:
        with gathered():
            fit = cox(f"event ~ {term}", whole, cluster="state", variance="jackknife")
            return {**line, **_line(fit.tidy(exponentiate=True, reference="t"))}
    except FitError as error:
        return {**line, "problem": str(error).splitlines()[0]}


def _move(rows: pd.DataFrame, term: str, move: str) -> dict[str, object]:
    line = {"move": move, **_counts(rows, term, rows["moved"] == move)}
    if not line["events"]:
        return {**line, "problem": "it never happens"}
    try:
        with gathered():
            fit = multistate(
                f"to ~ {term}", rows, causes=[move], cluster="state", variance="jackknife"
            )
            return {**line, **_line(fit.tidy(exponentiate=True, reference="t"))}
    except (FitError, DataError) as error:
        return {**line, "problem": str(error).splitlines()[0]}


def _how(rows: pd.DataFrame, term: str) -> dict[str, object]:
    part, full = MOVES[:2]
    each = [int((rows["moved"] == move).sum()) for move in (part, full)]
    rarer = part if each[0] <= each[1] else full
    line = {"move": "full against in part", **_counts(rows, term, rows["moved"] == rarer)}
    if min(each) < 2:
        return {**line, "problem": f"{each[0]} in part and {each[1]} full: nothing to compare"}
    try:
        with gathered():
            fit = multistate(
                f"to ~ {term}", rows, causes=[part, full], cluster="state", variance="jackknife"
            )
            tested = compare_causes(fit, [part, full]).iloc[0]
            at = [fit.place_of(f"{move}: {term}") for move in (full, part)]
    except (FitError, DataError) as error:
        return {**line, "problem": str(error).splitlines()[0]}
    gap = float(fit.coefficients[at[0]] - fit.coefficients[at[1]])
    spread = fit.covariance[np.ix_(at, at)]
    error_of = float(np.sqrt(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]))
    reach = _quantile(fit.degrees()) * error_of
    limits = np.exp([gap, gap - reach, gap + reach])
    return {
        **line,
        **dict(zip(_NOTHING[:3], map(float, limits), strict=True)),
        "p_value": float(tested["p_value"]),
    }


def _quantile(degrees: float) -> float:
    from scipy import stats

    return float(stats.t.ppf(0.975, degrees) if np.isfinite(degrees) else stats.norm.ppf(0.975))
