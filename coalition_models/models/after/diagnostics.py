"""Tests of whether hazards stay proportional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few, warn
from coalition_models.kernels import ph
from coalition_models.kernels.cox import Prepared
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.render import Table, format_number, format_p

__all__ = ["PHTest", "check_ph"]

Floats = npt.NDArray[np.float64]
Transform = Literal["km", "log", "rank", "identity"]

_TIME = {
    "km": "one less the Kaplan-Meier estimate",
    "log": "the logarithm of time",
    "rank": "the rank of time",
    "identity": "time itself",
}


@dataclass(frozen=True, repr=False)
class PHTest:
    """Tests of proportional hazards; shows itself in print and in a notebook.

    Attributes
    ----------
    table : DataFrame
        ``term, statistic, df, p_value``, and ``rho`` in the older form; the last row is global.
    transform : str
        The function of time against which coefficients are tested.
    robust : bool
        Whether this is the older form with the fit's own covariance.
    note : str
        How it was tested, why a test is missing, and which has fewer degrees than coefficients.
    """

    table: pd.DataFrame
    transform: str
    robust: bool
    note: str

    def to_table(self) -> Table:
        """The tests, ready for text, Markdown, LaTeX and HTML."""
        rho = "rho" in self.table.columns
        rows = [
            [
                str(row["term"]),
                *([format_number(float(row["rho"]))] if rho else []),
                format_number(float(row["statistic"])),
                str(int(row["df"])),
                format_p(float(row["p_value"])),
            ]
            for _, row in self.table.iterrows()
        ]
        header = ["term", *(["rho"] if rho else []), "chi2", "df", "p"]
        return Table(header, rows, "Test of proportional hazards", (self.note,))

    def __repr__(self) -> str:
        kind = "scaled Schoenfeld residuals" if self.robust else "score test"
        last = self.table.iloc[-1]
        p_value = format_p(float(last["p_value"]))
        return f"<PHTest {kind}, {self.transform}: global p {p_value} on {int(last['df'])} df>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def check_ph(fit: Fit, transform: Transform = "km", *, robust: bool = False) -> PHTest:
    """Test whether each term's effect stays the same over time at risk.

    Parameters
    ----------
    fit : Fit
        From :func:`cox`.
    transform : {"km", "log", "rank", "identity"}
        Function of time that an effect may drift with.
    robust : bool
        False: the score test of R's ``cox.zph`` (survival 3), per term and global. True: the
        older test of Grambsch and Therneau (1994) from scaled Schoenfeld residuals, per
        coefficient, with the covariance that the fit reports, as ``estat phtest`` in Stata and
        as printed in much of the literature (Box-Steffensmeier and Zorn 2001); it adds ``rho``,
        the correlation of the scaled residuals with the function of time.

    Returns
    -------
    PHTest

    Raises
    ------
    DataError
        For a fit that is not a converged Cox model, or a logarithm of times at or below 0.

    Notes
    -----
    The rank of a covariance is the degrees of freedom of its test. A test is missing where the
    function of time is the same wherever the term differs among rows at risk together. Ranks are
    those among the ends of all rows, as in R, so that a row cut in two changes them; the other
    functions do not depend on how a history is cut into rows. At penalised estimates (Firth) the
    score of the plain likelihood, which is not zero there, counts.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> print(cm.check_ph(cm.cox("event ~ risk", df, id="state")))
    Test of proportional hazards
    term     chi2  df      p
    ...
    """
    check_arguments(check_ph, locals())
    require(fit, "ph_test", "check_ph()")
    if transform not in _TIME:
        raise DataError(f"transform must be one of {', '.join(_TIME)}; found {transform!r}")
    if not fit.converged:
        raise DataError("check_ph() needs a fit with a finite maximum; this one has none")
    prepared = _risk_sets(fit)
    times = ph.transform_times(prepared, transform)
    where = f"Effects tested against {_TIME[transform]} ({transform})."
    emptied = _emptied(times, prepared.event_times) if transform == "km" else ""
    if emptied:
        warn(emptied)
    if robust:
        kind = "clustered" if fit.choices.variance == "cluster" else fit.choices.variance
        how = f"Scaled Schoenfeld residuals, {kind} covariance (Grambsch and Therneau)."
        table = _older_table(fit, times)
    else:
        how = "Score test (cox.zph)."
        table = _score_table(fit, times)
        if fit.choices.penalty:
            how = "Score test (cox.zph, with the score at the penalised estimates)."
    full = [1] * len(fit.names) if robust else [len(at) for at in fit.terms.values()]
    lacking = _lacking(table, [*full, len(fit.names)])
    said = f"Note: {emptied}." if emptied else ""
    note = " ".join(text for text in (where, how, lacking, said) if text)
    return PHTest(table, transform, robust, note)


class _HasRiskSets(Protocol):
    @property
    def prepared(self) -> Prepared:
        """Sorted rows."""


def _risk_sets(fit: Fit) -> Prepared:
    """The sorted rows, which every family has that can be tested."""
    return cast("_HasRiskSets", fit.engine).prepared


def _emptied(g: Floats, event_times: Floats) -> str:
    """Where the Kaplan-Meier estimate is nil, times that follow are told apart no more."""
    after = np.unique(event_times[g >= 1.0])
    if len(after) < 2:
        return ""
    return (
        f"the Kaplan-Meier estimate is nil before {after[0]:g}, since the risk set was empty once, "
        f"so the {len(after)} event times from then on count as one: take transform='rank', or "
        "start later"
    )


def _lacking(table: pd.DataFrame, full: list[int]) -> str:
    """Why tests are missing, and which have fewer degrees than coefficients."""
    missing = table["statistic"].isna().to_numpy()
    short = ~missing & (table["df"].to_numpy() < np.array(full))
    parts = []
    if missing.any():
        parts.append(
            f"No test of {first_few(table.loc[missing, 'term'])}: the function of time is the same "
            "wherever rows at risk together differ, or the covariance is none."
        )
    if short.any():
        ranks = (f"{term} ({df})" for term, df in table.loc[short, ["term", "df"]].to_numpy())
        parts.append(f"Fewer degrees than coefficients, by rank: {first_few(ranks)}.")
    return " ".join(parts)


def _score_table(fit: Fit, times: Floats) -> pd.DataFrame:
    prepared = _risk_sets(fit)
    found = ph.ph_score_test(
        prepared,
        fit.coefficients,
        times,
        terms=[list(at) for at in fit.terms.values()],
        penalised=bool(fit.choices.penalty),
    )
    return pd.DataFrame(
        {
            "term": [*fit.terms, "GLOBAL"],
            "statistic": [*found.statistic, found.global_statistic],
            "df": [*found.df, found.global_df],
            "p_value": [*found.p_value, found.global_p_value],
        }
    )


def _older_table(fit: Fit, times: Floats) -> pd.DataFrame:
    prepared = _risk_sets(fit)
    found = ph.grambsch_therneau(
        prepared, fit.coefficients, fit.covariance, times, at_most=fit.directions
    )
    return pd.DataFrame(
        {
            "term": [*fit.names, "GLOBAL"],
            "rho": [*found.rho, float("nan")],
            "statistic": [*found.statistic, found.global_statistic],
            "df": [*([1] * len(fit.names)), found.global_df],
            "p_value": [*found.p_value, found.global_p_value],
        }
    )
