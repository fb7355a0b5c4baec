"""What the feature columns of a panel hold: coverage, missing rows, events, correlations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, listed
from coalition_models.errors import DataError, first_few
from coalition_models.record import record_of

__all__ = ["correlations", "feature_summary"]


def feature_summary(
    panel: pd.DataFrame, columns: Sequence[str] | None = None, *, by_state: bool = False
) -> pd.DataFrame:
    """Describe every feature column: how much is known, where, and with how many events.

    Parameters
    ----------
    panel : DataFrame
        A panel after one or more ``add_*`` functions.
    columns : sequence of str, optional
        Which columns; by default those that the ``add_*`` functions made.
    by_state : bool
        Return the missing rows of each state instead.

    Returns
    -------
    DataFrame
        Indexed by column: ``rows``, ``missing``, ``coverage`` (share of rows known),
        ``missing_states`` (the states with most missing rows, and how many), ``first`` and
        ``last`` (period in which it is known), ``nonzero`` (rows known and not zero), ``events``
        (in rows where it is known), ``events_nonzero`` (in rows where it is not zero), ``mean``,
        ``least``, ``most`` (missing for text). With ``by_state``: states by columns, missing rows.

    Raises
    ------
    DataError
        If there is no feature column, or a named one is not in the panel.

    Notes
    -----
    A 0/1 column that is 1 in few events has a coefficient that rests on little; with none, or
    with all of them, it cannot be estimated at all.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.features.preferences import add_preferences
    >>> panel = add_preferences(cm.build_panel(cm.load("participation"), coalitions=["iraq"]))
    >>> cm.feature_summary(panel)["coverage"].round(2).tolist()
    [1.0, 1.0, 1.0]
    """
    check_arguments(feature_summary, locals())
    names = _columns(panel, columns)
    absent = [c for c in ("state", "period", "event") if c not in panel.columns]
    if absent:
        raise DataError(
            f"the panel lacks the columns {', '.join(absent)}; build_panel() makes them"
        )
    if by_state:
        counts = panel[names].isna().groupby(panel["state"]).sum()
        return counts.rename_axis(columns="column")
    rows = [{"column": name, **_describe(panel, name)} for name in names]
    return pd.DataFrame(rows).set_index("column")


def _columns(panel: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    made = [name for name in record_of(panel).features if name in panel.columns]
    chosen = made if columns is None else list(dict.fromkeys(listed(columns)))
    unknown = [name for name in chosen if name not in panel.columns]
    if unknown:
        raise DataError(
            f"not in the panel: {first_few(unknown)}; its features are {first_few(made) or 'none'}"
        )
    if not chosen:
        raise DataError(
            "the panel has no feature columns that it knows of: call an add_* function, or name "
            "the columns"
        )
    return chosen


def _describe(panel: pd.DataFrame, name: str) -> dict[str, object]:
    column = panel[name]
    known = column.notna()
    numeric = pd.api.types.is_numeric_dtype(column)
    nonzero = known & (column != 0) if numeric else known
    event = panel["event"].to_numpy(dtype=np.int64)
    dates = panel.loc[known, "period"]
    missing = panel.loc[~known, "state"].value_counts()
    # equal numbers in order of the name, so that the text does not depend on the order of rows
    ordered = missing.sort_index().sort_values(ascending=False, kind="stable")
    return {
        "rows": len(panel),
        "missing": int((~known).sum()),
        "coverage": float(known.mean()) if len(panel) else np.nan,
        "missing_states": first_few((f"{s} {n}" for s, n in ordered.items()), limit=5),
        "first": dates.min(),
        "last": dates.max(),
        "nonzero": int(nonzero.sum()),
        "events": int(event[known.to_numpy()].sum()),
        "events_nonzero": int(event[nonzero.to_numpy()].sum()),
        "mean": float(column.mean()) if numeric else np.nan,
        "least": float(column.min()) if numeric else np.nan,
        "most": float(column.max()) if numeric else np.nan,
    }


def correlations(
    panel: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    method: str = "pearson",
    at_least: int = 30,
) -> pd.DataFrame:
    """Correlate the feature columns over the rows where both are known.

    Parameters
    ----------
    panel : DataFrame
        A panel after one or more ``add_*`` functions.
    columns : sequence of str, optional
        Which columns; by default all that hold numbers.
    method : {"pearson", "spearman"}
    at_least : int
        Rows with both values below which the correlation is left missing.

    Returns
    -------
    DataFrame
        Square, columns by columns. Missing also where a column does not vary.

    Raises
    ------
    DataError
        If a named column is not there or holds no numbers, or the method is unknown.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.add_casualties(cm.build_panel(cm.load("participation"), coalitions=["iraq"]))
    >>> bool(cm.correlations(panel).loc["deaths_12m", "log_deaths_12m"] > 0.7)
    True
    """
    check_arguments(correlations, locals())
    if method not in ("pearson", "spearman"):
        raise DataError(f"method must be 'pearson' or 'spearman', not {method!r}")
    names = _columns(panel, columns)
    text = [name for name in names if not pd.api.types.is_numeric_dtype(panel[name])]
    if columns is not None and text:
        raise DataError(f"these columns hold no numbers: {first_few(text)}")
    numbers = panel[[name for name in names if name not in text]].astype("float64")
    if method == "spearman":
        return numbers.corr(method="spearman", min_periods=at_least)
    return numbers.corr(method="pearson", min_periods=at_least)
