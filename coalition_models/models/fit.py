"""Fit: the one result type of every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.models.display import Choices, Counts, footnotes
from coalition_models.models.engine import Engine
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.fit_file import save
from coalition_models.models.fit_rows import RowResults
from coalition_models.models.fit_table import (
    Reference,
    check_level,
    coefficient_table,
    tidy_table,
    wrapped,
)
from coalition_models.models.for_maketables import ForMaketables
from coalition_models.models.joint_tests import Wald, model_table, term_table
from coalition_models.models.specification import Specification
from coalition_models.render import Table

__all__ = ["Fit", "Reference"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class Fit(RowResults, ForMaketables):
    """A fitted model: estimates, how they were made, and from which rows.

    It shows itself as a table in a notebook and in print.

    Attributes
    ----------
    family : Family
        What the model is called and what it can do.
    spec : Specification
        What was asked for; ``fit(replace(spec, ties="breslow"), panel)`` asks for another.
    formula : str
    names, terms : tuple of str, mapping
        One name per coefficient; formula term -> positions of its coefficients.
    coefficients : ndarray, shape (p,)
    covariance, model_covariance : ndarray, shape (p, p)
        Of the kind that ``choices.variance`` names, and the inverse information.
    choices : Choices
        Ties, variance, convention and all other settings.
    counts : Counts
        Rows given, dropped (and why) and used; events, members, clusters, time at risk.
    log_likelihood, log_likelihood_null : float
    converged, iterations : bool, int
    data_choices : tuple of str
        How panel and features were made, as their attributes tell.
    sources : tuple of str
        Names of the tables the data came from, for ``cite(fit)``.
    remarks : tuple of str
        Notes under the table: warnings given while fitting, and what could not be checked.
    engine, native : object
        The estimator's own part, and the statsmodels result where there is one.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
    ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
    >>> fit = cm.cox("event ~ risk", df)
    >>> fit
    <Fit cox 'event ~ risk': 6 rows, 4 events, variance model>
    >>> print(fit.summary())
    Cox proportional hazards: event ~ risk
    term  coef (log hazard ratio)  std. error     z      p  exp(coef)  95% low  95% high
    ----  -----------------------  ----------  ----  -----  ---------  -------  --------
    risk                    1.476       1.074  1.37  0.169      4.377    0.534    35.895
    Log-likelihood -3.932 (null -5.193).
    ...
    >>> fit.glance()["events"].item()
    4
    """

    family: Family
    spec: Specification
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
    def estimator(self) -> str:
        """Deprecated: the function that fitted it, ``"cox"`` or ``"logit"``; use ``family``."""
        warn("Fit.estimator goes in the next version: use Fit.family.name", FutureWarning)
        return "logit" if self.family.link else self.family.call.partition("(")[0]

    @property
    def title(self) -> str:
        """What the table is headed with."""
        return self.family.title

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that the formula's right-hand side names."""
        return self.engine.sample.design.variables

    @property
    def estimates(self) -> Estimates:
        """Names, coefficients and covariance together, as an engine takes them."""
        return Estimates(self.names, self.coefficients, self.covariance)

    @property
    def std_errors(self) -> Floats:
        """Square roots of the covariance's diagonal; missing where it is not positive."""
        diagonal = np.diag(self.covariance)
        return np.sqrt(np.where(diagonal > 0, diagonal, np.nan))

    @property
    def vcov(self) -> pd.DataFrame:
        """The covariance with labels."""
        return pd.DataFrame(self.covariance, index=list(self.names), columns=list(self.names))

    @property
    def reference(self) -> Reference:
        """What statistics are compared with unless told otherwise: t under the jackknife."""
        return "t" if self.choices.variance == "jackknife" else "normal"

    @property
    def baseline_terms(self) -> tuple[str, ...]:
        """Coefficients that shape the hazard of a reference: intercept, duration, distribution.

        Their exponentials compare no two members.
        """
        own = self._places("Intercept", self.choices.time, *self.choices.baseline)
        return tuple(self.names[i] for i in own)

    def _places(self, *terms: str) -> tuple[int, ...]:
        return tuple(i for term in terms for i in self.terms.get(term, ()))

    @cached_property
    def concordance(self) -> float:
        """How well predictions order events: by pairs of members under Cox, by ROC under logit."""
        return self.engine.concordance(self.estimates)

    def tidy(
        self, exponentiate: bool = False, level: float = 0.95, *, reference: Reference | None = None
    ) -> pd.DataFrame:
        """One row per coefficient, in the columns of broom.

        Parameters
        ----------
        exponentiate : bool
            Hazard or odds ratios and their limits; ``std_error`` stays on the log scale.
        level : float
            Of the confidence limits. Profile-likelihood limits under a Firth penalty.
        reference : {"normal", "t"}, optional
            ``"t"`` uses Student's t with G - 1 degrees of freedom, G the (smaller) number of
            clusters. Default: ``"t"`` under ``variance="jackknife"``, otherwise ``"normal"``.

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
        own = self.estimates
        return tidy_table(
            own,
            self.std_errors,
            self.degrees(reference),
            check_level(level),
            p_values=self.engine.p_values(own),
            limits=self.engine.profile(own, level),
            exponentiate=exponentiate,
        )

    def test_terms(self, *, reference: Reference | None = None) -> pd.DataFrame:
        """Wald test per formula term: chi-squared, or F with G - 1 degrees of freedom.

        Where a covariance has no full rank, as with fewer clusters than coefficients, its rank is
        the degrees of freedom and coefficients that depend on those before them take no part, as
        in R's ``coxph.wtest``. What is missing has its reason.

        Returns
        -------
        DataFrame
            ``term, statistic, df, p_value``; ``statistic`` is the chi-squared. A column ``note``
            is added where a test has less than its full degrees or is missing.
        """
        return term_table(self._wald, self.terms, self.degrees(reference))

    def test_model(self) -> pd.DataFrame:
        """Test all terms at once: likelihood ratio, Wald, and score where the family has one.

        Against the baseline hazard alone (Cox, parametric), otherwise the intercept (and the
        offset) alone, so that duration terms are tested too. Only Wald's test uses the
        covariance that the fit reports; the others are those of independent rows, and a column
        ``note`` says so where the fit is clustered or robust. Under Firth's penalty the likelihood
        ratio is the penalised one, and the only test.

        Returns
        -------
        DataFrame
            ``test, statistic, df, p_value``, and ``note`` where there is something to say.

        Examples
        --------
        >>> import pandas as pd, coalition_models as cm
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
        ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
        >>> cm.cox("event ~ risk", df).test_model().round(2)
                       test  statistic  df  p_value
        0  likelihood ratio       2.52   1     0.11
        1              Wald       1.89   1     0.17
        2             score       2.40   1     0.12
        """
        if not self.converged:
            raise DataError("test_model() needs a fit with a finite maximum; this one has none")
        return model_table(
            self._wald,
            self.engine,
            2 * (self.log_likelihood - self.log_likelihood_null),
            besides=self._places("Intercept", *self.choices.baseline),
            score="score_test" in self.family.can,
            plain=self.choices.variance == "model",
        )

    @property
    def _wald(self) -> Wald:
        return Wald(self.estimates, self.directions, self.counts.clusters)

    def values_of(self, name: str) -> Floats:
        """Values (rows,) of a coefficient's column over the rows used, by one of ``names``."""
        return self.engine.values_of(self.place_of(name))

    def place_of(self, name: str) -> int:
        """Position of a coefficient among ``names``; DataError where there is none."""
        if name not in self.names:
            raise DataError(f"the fit has no term {name!r}; it has {first_few(self.names)}")
        return self.names.index(name)

    @property
    def directions(self) -> float:
        """How many directions clusters let one judge: one less, under the jackknife too."""
        alone = len(self.choices.cluster) == 1 and self.choices.variance in ("cluster", "jackknife")
        return min(self.counts.clusters) - 1 if alone else float("inf")

    def glance(self) -> pd.DataFrame:
        """One row on the whole fit.

        ``bic`` counts what ``family.bic_counts`` names; ``concordance`` is ``family.concordance``.
        """
        parameters = len(self.coefficients)
        sizes = {"events": self.counts.events, "rows": self.counts.rows}
        size = sizes[self.family.bic_counts]
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

    def footnotes(self, reference: Reference | None = None) -> tuple[str, ...]:
        """Everything that prints under a table of this fit."""
        degrees = self.degrees(reference)
        return footnotes(self.choices, self.counts, self.data_choices, self.remarks, degrees)

    def to_table(
        self,
        exponentiate: bool = False,
        level: float = 0.95,
        *,
        reference: Reference | None = None,
    ) -> Table:
        """The coefficient table, ready for text, Markdown, LaTeX and HTML.

        Coefficients stand beside their exponentials with limits, as in R's ``summary.coxph``;
        ``exponentiate`` leaves the coefficients out. The intercept and duration terms have no
        ratio.
        """
        check_arguments(Fit.to_table, locals())
        return coefficient_table(self, exponentiate, level, reference or self.reference)

    def summary(
        self,
        exponentiate: bool = False,
        level: float = 0.95,
        *,
        reference: Reference | None = None,
    ) -> str:
        """The table as text, at most 100 characters wide where names of terms allow it."""
        return wrapped(self.to_table(exponentiate, level, reference=reference))

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return (
            f"<Fit {self.family.name} {self.formula!r}: {counted(self.counts.rows, 'row')}, "
            f"{counted(self.counts.events, 'event')}, variance {self.choices.variance}>"
        )

    def _repr_html_(self) -> str:
        return self.to_table().html()

    def save(self, path: str | Path, data: pd.DataFrame) -> None:
        """Write the fit to a file that :func:`load_fit` reads, with the columns that it used.

        A zip of JSON and arrays, without anything that runs when it is read.

        Parameters
        ----------
        path : str or path
            Overwritten if it is there.
        data : DataFrame
            The rows that it was fitted to: a fit keeps its design, not the columns behind it.

        Raises
        ------
        DataError
            Other data; a column that holds neither numbers, words nor dates; a fit without a
            finite maximum.
        """
        check_arguments(Fit.save, locals())
        save(self, Path(path), data)

    def degrees(self, reference: str | None = None) -> float:
        """Degrees of freedom of tests and limits: infinite where the reference is normal.

        Raises
        ------
        DataError
            A t reference for a fit without clusters, or another word than ``"normal"`` and
            ``"t"``.
        """
        reference = reference or self.reference
        if reference == "normal":
            return float("inf")
        if reference != "t":
            raise DataError(f"reference must be 'normal' or 't', not {reference!r}")
        if not self.counts.clusters:
            raise DataError("reference='t' counts clusters: fit with cluster='column'")
        return float(min(self.counts.clusters) - 1)
