"""Tests of whether hazards stay proportional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.kernels import ph
from coalition_models.models.cox_fit import CoxEngine
from coalition_models.models.fit import Fit
from coalition_models.render import Table, format_number, format_p

__all__ = ["PHTest", "check_ph"]

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
    if not isinstance(fit.engine, CoxEngine):
        raise DataError(f"check_ph() takes a Cox fit, not {fit.estimator}")
    if transform not in _TIME:
        raise DataError(f"transform must be one of {', '.join(_TIME)}; found {transform!r}")
    if not fit.converged:
        raise DataError("check_ph() needs a fit with a finite maximum; this one has none")
    prepared = fit.engine.prepared
    times = ph.transform_times(prepared, transform)
    where = f"Effects tested against {_TIME[transform]} ({transform})."
    if robust:
        kind = "clustered" if fit.choices.variance == "cluster" else fit.choices.variance
        note = f"{where} Scaled Schoenfeld residuals, {kind} covariance (Grambsch and Therneau)."
        return PHTest(_older_table(fit, times), transform, True, note)
    return PHTest(_score_table(fit, times), transform, False, f"{where} Score test (cox.zph).")


def _score_table(fit: Fit, times: np.typing.NDArray[np.float64]) -> pd.DataFrame:
    prepared = cast("CoxEngine", fit.engine).prepared
    found = ph.ph_score_test(
        prepared, fit.coefficients, times, terms=[list(at) for at in fit.terms.values()]
    )
    return pd.DataFrame(
        {
            "term": [*fit.terms, "GLOBAL"],
            "statistic": [*found.statistic, found.global_statistic],
            "df": [*found.df, found.global_df],
            "p_value": [*found.p_value, found.global_p_value],
        }
    )


def _older_table(fit: Fit, times: np.typing.NDArray[np.float64]) -> pd.DataFrame:
    prepared = cast("CoxEngine", fit.engine).prepared
    found = ph.grambsch_therneau(prepared, fit.coefficients, fit.covariance, times)
    return pd.DataFrame(
        {
            "term": [*fit.names, "GLOBAL"],
            "rho": [*found.rho, float("nan")],
            "statistic": [*found.statistic, found.global_statistic],
            "df": [*([1] * len(fit.names)), found.global_df],
            "p_value": [*found.p_value, found.global_p_value],
        }
    )
