"""Fit: the one result type of every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted
from coalition_models.models.display import Choices, Counts, footnotes
from coalition_models.models.sample import Sample
from coalition_models.render import Table, format_number, format_p

__all__ = ["Engine", "Fit", "Hazards", "Reference", "Span"]

Floats = npt.NDArray[np.float64]
Reference = Literal["normal", "t"]


class Hazards(Protocol):
    """Hazard accumulated along a path: times, cumulative hazard and its variance."""

    @property
    def times(self) -> Floats:
        """Times at which it grows."""

    @property
    def cumulative_hazard(self) -> Floats:
        """Minus the logarithm of survival."""

    @property
    def variance(self) -> Floats:
        """Of the cumulative hazard."""


@dataclass(frozen=True)
class Span:
    """Where a baseline is known: when anyone was at risk, and the last event.

    ``code`` is the stratum's number. ``flat`` says that the hazard after the last event counts as
    zero, as it does where the data alone shape the baseline.
    """

    code: int | None
    first: float
    last_event: float
    last: float
    flat: bool = True


class Engine(Protocol):
    """What an estimator adds to the common result."""

    @property
    def sample(self) -> Sample:
        """The rows fitted to."""

    def span(self, stratum: object | None) -> Span:
        """Return where the baseline of a stratum is known."""

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """Return starts and stops of a path with fixed covariates."""

    def follow(
        self, fit: Fit, frame: pd.DataFrame, start: Floats, stop: Floats, code: int | None
    ) -> Hazards:
        """Accumulate the hazard along a path."""

    def predict(self, fit: Fit, data: pd.DataFrame | None, kind: str) -> Floats:
        """Predict for the rows of ``data``, or for the rows used."""

    def augment(self, fit: Fit) -> pd.DataFrame:
        """Return the rows used with predictions and residuals."""

    def concordance(self, fit: Fit) -> float:
        """Return the share of comparable pairs ordered as predicted."""

    def profile(self, fit: Fit, level: float) -> Floats | None:
        """Return profile-likelihood limits (p, 2) and leave None to Wald's."""

    def p_values(self, fit: Fit) -> Floats | None:
        """Return likelihood-ratio p-values and leave None to Wald's."""


@dataclass(frozen=True, repr=False, eq=False)
class Fit:
    """A fitted model: estimates, how they were made, and from which rows.

    Made by :func:`cox` and :func:`logit`. Shows itself as a table in a notebook and in print.

    Attributes
    ----------
    estimator : str
        ``"cox"`` or ``"logit"``.
    title : str
        What the table is headed with.
    formula : str
    names : tuple of str
        One name per coefficient.
    terms : mapping
        Formula term -> positions of its coefficients.
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Of the kind that ``choices.variance`` names.
    model_covariance : ndarray, shape (p, p)
        Inverse of the information.
    choices : Choices
        Ties, variance, convention and all other settings.
    counts : Counts
        Rows given, dropped (and why) and used; events, members, clusters, time at risk.
    log_likelihood, log_likelihood_null : float
    converged : bool
    iterations : int
    data_choices : tuple of str
        How panel and features were made, as their attributes tell.
    sources : tuple of str
        Names of the tables the data came from, for ``cite(fit)``.
    remarks : tuple of str
        Warnings given while fitting.
    engine : Engine
        The estimator's own part.
    native : object or None
        The statsmodels result, where there is one.
    """

    estimator: str
    title: str
    formula: str
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    choices: Choices
    counts: Counts
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    engine: Engine
    data_choices: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    native: object | None = field(default=None)

    @property
    def std_errors(self) -> Floats:
        """Square roots of the covariance's diagonal; missing where it is not positive."""
        diagonal = np.diag(self.covariance)
        return np.sqrt(np.where(diagonal > 0, diagonal, np.nan))

    @property
    def vcov(self) -> pd.DataFrame:
        """The covariance with labels."""
        return pd.DataFrame(self.covariance, index=list(self.names), columns=list(self.names))

    @cached_property
    def concordance(self) -> float:
        """Share of comparable pairs that the model orders as they happened."""
        return self.engine.concordance(self)

    def tidy(
        self, exponentiate: bool = False, level: float = 0.95, *, reference: Reference = "normal"
    ) -> pd.DataFrame:
        """One row per coefficient, in the columns of broom.

        Parameters
        ----------
        exponentiate : bool
            Hazard or odds ratios and their limits; ``std_error`` stays on the log scale.
        level : float
            Of the confidence limits. Profile-likelihood limits under a Firth penalty.
        reference : {"normal", "t"}
            ``"t"`` uses Student's t with G - 1 degrees of freedom, G the (smaller) number of
            clusters.

        Returns
        -------
        DataFrame
            ``term, estimate, std_error, statistic, p_value, conf_low, conf_high``.

        Examples
        --------
        >>> import pandas as pd, coalition_models as cm
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
        ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
        >>> cm.cox("event ~ risk", df).tidy().round(3)[["term", "estimate", "std_error"]]
           term  estimate  std_error
        0  risk     1.476      1.074
        """
        check_arguments(Fit.tidy, locals())
        low_tail = (1 - _check_level(level)) / 2
        errors = self.std_errors
        statistic = self.coefficients / errors
        degrees = self._degrees(reference)
        p_values = self.engine.p_values(self)
        if p_values is None:
            p_values = 2 * stats.t.sf(np.abs(statistic), degrees)
        limits = self.engine.profile(self, level)
        if limits is None:
            half = stats.t.isf(low_tail, degrees) * errors
            limits = np.column_stack([self.coefficients - half, self.coefficients + half])
        shape = np.exp if exponentiate else np.asarray
        with np.errstate(over="ignore"):
            return pd.DataFrame(
                {
                    "term": list(self.names),
                    "estimate": shape(self.coefficients),
                    "std_error": errors,
                    "statistic": statistic,
                    "p_value": p_values,
                    "conf_low": shape(limits[:, 0]),
                    "conf_high": shape(limits[:, 1]),
                }
            )

    def test_terms(self, *, reference: Reference = "normal") -> pd.DataFrame:
        """Wald test per formula term: chi-squared, or F with G - 1 degrees of freedom.

        Returns
        -------
        DataFrame
            ``term, statistic, df, p_value``; ``statistic`` is the chi-squared.
        """
        degrees = self._degrees(reference)
        rows = []
        for term, where in self.terms.items():
            at = list(where)
            beta = self.coefficients[at]
            chi2 = float(beta @ np.linalg.solve(self.covariance[np.ix_(at, at)], beta))
            p_value = (
                stats.f.sf(chi2 / len(at), len(at), degrees)
                if np.isfinite(degrees)
                else stats.chi2.sf(chi2, len(at))
            )
            rows.append((term, chi2, len(at), float(p_value)))
        return pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"])

    def glance(self) -> pd.DataFrame:
        """One row on the whole fit. ``bic`` counts events under Cox (as R does), rows otherwise."""
        parameters = len(self.coefficients)
        size = self.counts.events if self.estimator == "cox" else self.counts.rows
        return pd.DataFrame(
            [
                {
                    "nobs": self.counts.rows,
                    "members": self.counts.members,
                    "events": self.counts.events,
                    "time_at_risk": self.counts.time_at_risk,
                    "clusters": min(self.counts.clusters) if self.counts.clusters else None,
                    "log_likelihood": self.log_likelihood,
                    "aic": -2 * self.log_likelihood + 2 * parameters,
                    "bic": -2 * self.log_likelihood + np.log(size) * parameters,
                    "concordance": self.concordance,
                    "ties": self.choices.ties,
                    "variance": self.choices.variance,
                    "convention": self.choices.convention,
                    "converged": self.converged,
                }
            ]
        )

    def augment(self) -> pd.DataFrame:
        """Rows used (their own index), with predictions and residuals.

        Cox: ``linear_predictor``, ``relative_hazard``, ``expected``, ``martingale``,
        ``deviance``. Logit: ``linear_predictor``, ``probability``, ``residual``, ``pearson``.
        """
        return self.engine.augment(self)

    def predict(self, data: pd.DataFrame | None = None, *, kind: str | None = None) -> pd.Series:
        """Predict for new rows, or for the rows used.

        Parameters
        ----------
        data : DataFrame, optional
            Needs the formula's columns. A category that the model has not seen is an error.
        kind : str, optional
            Cox: ``"linear"`` (default: relative to the mean of the rows used, columns of -1, 0
            and 1 only being left uncentred, as in R) or ``"ratio"`` (its exponential).
            Logit: ``"probability"`` (default) or ``"linear"``.
            Survival curves: :func:`predict_survival`.

        Returns
        -------
        Series
            One value per row, on the index of ``data``.
        """
        check_arguments(Fit.predict, locals())
        default = "linear" if self.estimator == "cox" else "probability"
        values = self.engine.predict(self, data, kind or default)
        index = self.engine.sample.index if data is None else data.index
        return pd.Series(values, index=index, name=kind or default)

    def footnotes(self) -> tuple[str, ...]:
        """Everything that prints under a table of this fit."""
        return footnotes(self.choices, self.counts, self.data_choices, self.remarks)

    def to_table(
        self, exponentiate: bool = False, level: float = 0.95, *, reference: Reference = "normal"
    ) -> Table:
        """The coefficient table, ready for text, Markdown, LaTeX and HTML."""
        tidy = self.tidy(exponentiate, level, reference=reference)
        percent = f"{100 * level:g}%"
        first = "odds ratio" if self.estimator == "logit" else "hazard ratio"
        rows = [
            [
                str(row.term),
                format_number(row.estimate),
                format_number(row.std_error),
                format_number(row.statistic, 2),
                format_p(float(str(row.p_value))),
                format_number(row.conf_low),
                format_number(row.conf_high),
            ]
            for row in tidy.itertuples(index=False)
        ]
        header = [
            "term",
            first if exponentiate else "estimate",
            "std. error",
            "t" if reference == "t" else "z",
            "p",
            f"{percent} low",
            f"{percent} high",
        ]
        kind = "Log-likelihood (unpenalised)" if self.choices.penalty else "Log-likelihood"
        likelihood = f"{kind} {self.log_likelihood:.3f} (null {self.log_likelihood_null:.3f})."
        return Table(header, rows, f"{self.title}: {self.formula}", (likelihood, *self.footnotes()))

    def summary(self, exponentiate: bool = False, level: float = 0.95) -> str:
        """The table as text, notes included."""
        return self.to_table(exponentiate, level).text()

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return (
            f"<Fit {self.estimator} {self.formula!r}: {counted(self.counts.rows, 'row')}, "
            f"{counted(self.counts.events, 'event')}, variance {self.choices.variance}>"
        )

    def _repr_html_(self) -> str:
        return self.to_table().html()

    def _degrees(self, reference: str) -> float:
        if reference == "normal":
            return float("inf")
        if reference != "t":
            raise DataError(f"reference must be 'normal' or 't', not {reference!r}")
        if not self.counts.clusters:
            raise DataError("reference='t' counts clusters: fit with cluster='column'")
        return float(min(self.counts.clusters) - 1)


def _check_level(level: float) -> float:
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, for instance 0.95, not {level!r}")
    return level
