"""How likely a named member is to leave soon, from where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.after.nonparametric import Interval
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.columns import missing_columns, plain_value, require_columns
from coalition_models.models.sample.labels import distinct_labels
from coalition_models.record import record_of
from coalition_models.render import Table, format_number

__all__ = ["ExitProbability", "exit_probability"]


@dataclass(frozen=True, repr=False)
class ExitProbability:
    """The chance that a member leaves within some months, given that it is still there.

    Attributes
    ----------
    member : str
    since, until : float
        Time at risk at which it was last seen, and to which the chance is meant.
    probability, conf_low, conf_high : float
    table : DataFrame
        ``months, probability, conf_low, conf_high``: the chance by the end of each step.
    held : mapping
        Covariates and their values, where these are held as they were last seen.
    notes : tuple of str
        What is assumed.
    """

    member: str
    since: float
    until: float
    probability: float
    conf_low: float
    conf_high: float
    table: pd.DataFrame
    held: Mapping[str, object]
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """The chance by month, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [format_number(value) for value in row]
            for row in self.table.itertuples(index=False, name=None)
        ]
        title = f"Chance that {self.member} leaves, given that it is there at {self.since:g}"
        return Table(list(self.table.columns), rows, title, self.notes)

    def __repr__(self) -> str:
        return (
            f"<ExitProbability {self.member}: {self.probability:.3f} "
            f"({self.conf_low:.3f} to {self.conf_high:.3f}) by {self.until:g}>"
        )

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def exit_probability(
    fit: Fit,
    panel: pd.DataFrame,
    state: str,
    months: int,
    *,
    coalition: str | None = None,
    changes: Mapping[str, object] | None = None,
    level: float = 0.95,
    interval: Interval = "log",
) -> ExitProbability:
    """Predict how likely a member is to leave within the next months, from where it stands.

    Parameters
    ----------
    fit : Fit
    panel : DataFrame
        Rows of the member (others may be there), with the columns of the formula. The last row is
        where it stands.
    state : str
        As in the column ``state``.
    months : int
        How far to look ahead, in periods of the fit's time, which must be months where the panel
        says what they are.
    coalition : str, optional
        Needed where the state is in several.
    changes : mapping, optional
        Covariates that are other than last seen, such as ``{"election_near": 1}``, from now on.
    level : float
    interval : {"log", "log-log", "plain"}
        Scale of survival's limits, of which these are the complement.

    Returns
    -------
    ExitProbability
        One less survival to the end, given survival to the last row's. Covariates are held at
        their last values; time runs. The limits hold the coefficients' uncertainty and the
        baseline's, and none about what the covariates will be.

    Raises
    ------
    DataError
        A state that is not in the panel, or in several coalitions, or has several members by the
        fit's ``id``, or has left; a time beyond
        those at which anyone was observed.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> there = panel.groupby("state")["event"].max().eq(0).idxmax()
    >>> early = panel[(panel["state"] == there) & (panel["stop"] <= 6)]
    >>> cm.exit_probability(fit, early, there, 3).table["months"].tolist()
    [1, 2, 3]
    """
    check_arguments(exit_probability, locals())
    require(fit, "survival_paths", "exit_probability()")
    if months < 1:
        raise DataError(f"months must be 1 or more, not {months!r}")
    _refuse_other_periods(panel)
    row, member = _last_row(fit, panel, state, coalition)
    since = float(row[fit.choices.stop].item())
    steps = since + np.arange(1, int(months) + 1)
    here, held = _ahead(fit, row, since, steps, changes or {})
    code = fit.engine.sample.strata_labels
    stratum = tuple(plain_value(row[name].item()) for name in fit.choices.strata) if code else None
    found = predict_survival(
        fit, here, times=steps.tolist(), stratum=stratum, level=level, interval=interval
    )
    table = pd.DataFrame(
        {
            "months": np.arange(1, int(months) + 1),
            "probability": 1 - found.table["survival"],
            "conf_low": 1 - found.table["conf_high"],
            "conf_high": 1 - found.table["conf_low"],
        }
    )
    # a hazard of nil is no certainty, and its variance of nil no width
    table.loc[table["probability"] == 0, ["conf_low", "conf_high"]] = np.nan
    last = table.iloc[-1]
    return ExitProbability(
        member, since, float(steps[-1]), float(last["probability"]), float(last["conf_low"]),
        float(last["conf_high"]), table, held,
        _notes(fit, held, changes or {}, since, steps, last["probability"], found.notes),
    )  # fmt: skip


def _refuse_other_periods(panel: pd.DataFrame) -> None:
    period = record_of(panel).panel.get("period", "month")
    if period != "month":
        raise DataError(f"months: the panel's rows are {period}s; build it with period='month'")


def _last_row(
    fit: Fit, panel: pd.DataFrame, state: str, coalition: str | None
) -> tuple[pd.DataFrame, str]:
    """The row where a member stands, and what it is called."""
    stop, event = fit.choices.stop, fit.engine.sample.design.response
    if not fit.choices.stop or fit.engine.sample.stop is None:
        raise DataError("exit_probability() needs a fit on rows with start and stop")
    require_columns(panel, ["state", stop, *fit.choices.strata], "exit_probability")
    mine = panel[panel["state"] == state]
    if coalition is not None:
        require_columns(panel, ["coalition"], "coalition=")
        mine = mine[mine["coalition"] == coalition]
    if mine.empty:
        where = f" in coalition {coalition!r}" if coalition is not None else ""
        raise DataError(
            f"the panel has no state {state!r}{where}; it has "
            f"{first_few(sorted(panel['state'].astype(str).unique()))}"
        )
    several = sorted(mine["coalition"].unique()) if "coalition" in mine.columns else []
    if len(several) > 1:
        raise DataError(
            f"{state} is in several coalitions: give coalition= one of {first_few(several)}"
        )
    _refuse_several_members(fit, mine, state)
    order = [name for name in ("spell", stop) if name in mine.columns]
    last = mine.sort_values(order, kind="stable").iloc[[-1]]
    happened = last[event].item() if event in last.columns else 0
    if not pd.isna(happened) and bool(happened == 1):
        raise DataError(f"{state} has left: its last row, to {last[stop].item():g}, ends with it")
    names = [name for name in ("coalition", "state") if name in last.columns]
    return last, distinct_labels([tuple(last[name].item() for name in names)])[0]


def _refuse_several_members(fit: Fit, mine: pd.DataFrame, state: str) -> None:
    """Of a state with several members of the fit, such as leaders, it is not known who is meant."""
    known = ("coalition", "state", "spell")
    keys = [name for name in fit.engine.sample.id if name in mine.columns and name not in known]
    if not keys:
        return
    members = mine[keys].drop_duplicates()
    if len(members) > 1:
        shown = first_few(distinct_labels(list(members.itertuples(index=False, name=None))))
        raise DataError(
            f"{state} has several members by {', '.join(keys)} ({shown}): leave the rows of one in "
            "the panel"
        )


def _ahead(
    fit: Fit, row: pd.DataFrame, since: float, steps: np.ndarray, changes: Mapping[str, object]
) -> tuple[pd.DataFrame, dict[str, object]]:
    """A row per month ahead, and what is held."""
    sample = fit.engine.sample
    runs = {fit.choices.start, fit.choices.stop, *sample.clocks}
    names = [name for name in fit.variables if name not in runs]
    names += [fit.choices.offset] if fit.choices.offset else []
    unknown = [name for name in changes if name not in names]
    if unknown:
        near = missing_columns(pd.DataFrame(columns=names), unknown)
        raise DataError(f"changes: the model has no variable {'; '.join(near)}")
    require_columns(row, [name for name in names if name not in changes], fit.formula)
    held = {name: changes.get(name, plain_value(row[name].item())) for name in names}
    gaps = [name for name, value in held.items() if pd.isna(value)]  # type: ignore[call-overload]
    if gaps:
        raise DataError(
            f"{first_few(gaps)} is missing in the member's last row: give it by changes="
        )
    frame = row[[*fit.choices.strata]].iloc[np.zeros(len(steps), dtype=int)]
    frame = frame.reset_index(drop=True).assign(
        **{name: pd.Series([value] * len(steps)) for name, value in held.items()}
    )
    frame[fit.choices.start or "start"] = np.append(since, steps[:-1])
    frame[fit.choices.stop] = steps
    return frame, held


def _notes(
    fit: Fit,
    held: Mapping[str, object],
    changes: Mapping[str, object],
    since: float,
    steps: np.ndarray,
    probability: float,
    more: tuple[str, ...],
) -> tuple[str, ...]:
    def worded(names: list[str]) -> str:
        return ", ".join(f"{name} {format_number(held[name])}" for name in names)

    kept = [name for name in held if name not in changes]
    notes = []
    if kept:
        notes.append(f"Assumed to stay as last seen: {worded(kept)}.")
    if changes:
        notes.append(f"Assumed from now on: {worded(list(changes))}.")
    notes.append("Given that it is still there; other members' exits do not change its covariates.")
    if probability == 0:
        notes.append(
            f"No event was seen between {since:g} and {steps[-1]:g}, so the estimated hazard is "
            "nil there: no certainty, and limits that are missing."
        )
    return (*notes, *(note for note in more if not note.startswith("Given survival")))
