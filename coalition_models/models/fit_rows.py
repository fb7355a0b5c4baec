"""What a fit says of rows: predictions, with errors, and residuals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.kernels.binomial import LINKS
from coalition_models.kernels.wald import variances_along
from coalition_models.lazy import lazy_module
from coalition_models.models.display import Choices
from coalition_models.models.engine import Engine
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family, require
from coalition_models.models.fit_table import Reference, check_level

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

__all__ = ["RowResults", "jacobian"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: of a standard error, by which a coefficient is moved to see what moves with it
_STEP = 1e-4

#: kinds of residuals whose sum over the rows of a member is that of the member
_ADD = ("martingale", "response", "score", "dfbeta", "dfbetas")


#: predictions between 0 and 1, and above 0, that more than a linear predictor makes
_CHANCES = ("probability", "survival", "at_risk", "still_at_risk")
_POSITIVE = ("hazard", "median")


class _HasResiduals(Protocol):
    """An engine of a family that can."""

    @property
    def residual_kinds(self) -> Mapping[str, bool]:
        """Kind -> whether it has one value per coefficient."""

    def residuals(
        self, estimates: Estimates, model_covariance: Floats, kind: str
    ) -> tuple[Floats, Integers | None]:
        """Values, and the places of the rows where they are not all."""


class RowResults(ABC):
    """The part of a :class:`Fit` that speaks of rows."""

    family: Family
    engine: Engine
    choices: Choices
    converged: bool
    model_covariance: Floats

    @property
    @abstractmethod
    def estimates(self) -> Estimates:
        """Names, coefficients and covariance together, as an engine takes them."""

    @abstractmethod
    def degrees(self, reference: str | None = None) -> float:
        """Degrees of freedom of tests and limits."""

    def used_of(self, data: pd.DataFrame) -> pd.DataFrame:
        """Of the data that were given, the rows used.

        Raises
        ------
        DataError
            Data with another number of rows.

        Examples
        --------
        >>> import pandas as pd, coalition_models as cm
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5], "event": [1, 1, 1, 0, 1],
        ...                    "risk": [2, 1, 2, None, 1]})
        >>> len(cm.cox("event ~ risk", df).used_of(df))
        4
        """
        sample = self.engine.sample
        if len(data) != sample.rows_given:
            raise DataError(
                f"the data have {len(data)} rows, the fit was given {sample.rows_given}: give the "
                "same data"
            )
        return data if sample.keep is None else data.loc[sample.keep]

    def augment(self) -> pd.DataFrame:
        """Rows used (their own index), with predictions and residuals.

        Cox: ``linear_predictor``, ``relative_hazard``, ``expected``, ``martingale``,
        ``deviance``. Logit: ``linear_predictor``, ``probability``, ``residual``, ``pearson``.
        """
        times = (self.choices.start, self.choices.stop)
        return self.engine.augment(self.estimates, times)

    def predict(self, data: pd.DataFrame | None = None, *, kind: str | None = None) -> pd.Series:
        """Predict for new rows, or for the rows used.

        Parameters
        ----------
        data : DataFrame, optional
            Needs the formula's columns. A category that the model has not seen is an error.
        kind : str, optional
            Of ``family.predictions``, the first by default. Cox: ``"linear"`` (relative to the
            mean of the rows used, columns of -1, 0 and 1 only being left uncentred, as in R) or
            ``"ratio"``, its exponential. Survival curves: :func:`predict_survival`.

        Notes
        -----
        R's ``predict.coxph`` differs by a constant within a stratum (the ratio by a factor): it
        subtracts an offset's mean, takes unweighted means where rows have weights, and means by
        stratum (``reference="strata"``). Differences between rows are equal.

        Returns
        -------
        Series
            One value per row, on the index of ``data``.
        """
        check_arguments(RowResults.predict, locals())
        wanted = kind or self.family.predictions[0]
        values = self.engine.predict(self.estimates, data, wanted)
        index = self.engine.sample.index if data is None else data.index
        return pd.Series(values, index=index, name=wanted)

    def predictions(
        self,
        data: pd.DataFrame | None = None,
        *,
        kind: str | None = None,
        level: float = 0.95,
        reference: Reference | None = None,
    ) -> pd.DataFrame:
        """Predict with standard errors and limits, by the delta method.

        Parameters
        ----------
        data, kind
            As in :meth:`predict`.
        level : float
            Of the limits. They are those of the linear predictor, carried to the scale of ``kind``,
            where it alone makes the prediction; otherwise symmetric on the logit of a chance and
            on the logarithm of a hazard or a time, so that no limit is an impossible value.
        reference : {"normal", "t"}, optional
            As in :meth:`tidy`.

        Returns
        -------
        DataFrame
            ``estimate, std_error, conf_low, conf_high``, on the index of ``data``.

        Examples
        --------
        >>> import pandas as pd, coalition_models as cm
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
        ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
        >>> cm.cox("event ~ risk", df).predictions(df[:1], kind="ratio").round(2)
           estimate  std_error  conf_low  conf_high
        0      4.38        4.7      0.53       35.9
        """
        check_arguments(RowResults.predictions, locals())
        from scipy import stats  # slow to import, and no fit needs it

        if not self.converged:
            raise DataError("predictions() needs a fit with a finite maximum; this one has none")
        wanted = kind or self.family.predictions[0]
        half = float(stats.t.isf((1 - check_level(level)) / 2, self.degrees(reference)))
        value, error = self._with_error(data, wanted)
        what, _, label = wanted.partition(" ")
        carry = _carrying(self.family, what)
        if carry is not None:
            linear, spread = self._with_error(data, f"linear {label}".strip())
            low, high = carry(linear - half * spread), carry(linear + half * spread)
        else:
            low, high = _limits(value, half * error, what)
        index = self.engine.sample.index if data is None else data.index
        columns = {"estimate": value, "std_error": error, "conf_low": low, "conf_high": high}
        return pd.DataFrame(columns, index=index)

    def _with_error(self, data: pd.DataFrame | None, kind: str) -> tuple[Floats, Floats]:
        """Predictions and their standard errors."""
        own = self.estimates

        def along(coefficients: Floats) -> Floats:
            return self.engine.predict(replace(own, coefficients=coefficients), data, kind)

        value = along(own.coefficients)  # refuses a wrong kind
        pull = jacobian(along, own)
        variance = variances_along(pull, own.covariance)
        return value, np.sqrt(np.maximum(variance, 0.0))

    def residuals(self, kind: str | None = None, *, by_member: bool = False) -> pd.DataFrame:
        """Residuals of one kind over the rows used.

        Parameters
        ----------
        kind : str, optional
            Cox: ``"martingale"`` (default), ``"deviance"``, ``"score"``, ``"dfbeta"`` (change of
            each coefficient through the row), ``"dfbetas"`` (in standard errors),
            ``"schoenfeld"`` and ``"scaled_schoenfeld"`` (rows with an event only, with its
            time). Discrete time: ``"response"`` (default), ``"pearson"``, ``"deviance"``,
            ``"score"``, ``"dfbeta"``, ``"dfbetas"``. As in R: a ``dfbeta`` and a discrete-time
            ``score`` count case weights, ``pearson`` and discrete-time ``deviance`` their root.
        by_member : bool
            Sum over the rows of each member, for kinds that add up; deviance has to be made of
            such a sum, and is refused.

        Returns
        -------
        DataFrame
            One column named like the kind, or one per coefficient.

        Examples
        --------
        >>> import pandas as pd, coalition_models as cm
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
        ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
        >>> cm.cox("event ~ risk", df).residuals("dfbeta").round(2)["risk"].tolist()
        [0.18, -0.49, -0.43, 0.29, 0.23, 0.23]
        """
        check_arguments(RowResults.residuals, locals())
        require(self, "residuals", "residuals()")
        if not self.converged:
            raise DataError("residuals() needs a fit with a finite maximum; this one has none")
        engine = cast("_HasResiduals", self.engine)
        kinds = engine.residual_kinds
        kind = next(iter(kinds)) if kind is None else kind
        if kind not in kinds:
            raise DataError(f"kind must be one of {', '.join(kinds)}, not {kind!r}")
        if self.choices.penalty and kind in ("score", "dfbeta", "dfbetas"):
            raise DataError(
                f"kind={kind!r}: through the penalty each row acts on all others, so the change "
                "through one row is not the sum that this residual is; leave out penalty="
            )
        values, rows = engine.residuals(self.estimates, self.model_covariance, kind)
        sample = self.engine.sample
        names = list(self.estimates.names) if kinds[kind] else [kind]
        places = np.arange(len(sample.event)) if rows is None else rows
        out = pd.DataFrame(values.reshape(len(places), -1), sample.index[places], names)
        if not by_member:
            if rows is not None and sample.stop is not None:
                out.insert(0, self.choices.stop, sample.stop[rows])
            return out
        return self._summed(out, kind)

    def _summed(self, table: pd.DataFrame, kind: str) -> pd.DataFrame:
        sample = self.engine.sample
        if kind not in _ADD:
            raise DataError(f"by_member=True adds up {', '.join(_ADD)}; {kind} does not add up")
        if not sample.id:
            raise DataError("by_member=True needs to know whose rows are whose: fit with id=")
        keys = [pd.Series(sample.carried[name], index=table.index) for name in sample.id]
        return table.groupby([key.rename(n) for key, n in zip(keys, sample.id, strict=True)]).sum()


def _carrying(family: Family, kind: str) -> Callable[[Floats], Floats] | None:
    """How a linear predictor becomes a prediction; None where it is not known to do alone."""
    if kind == "ratio":
        return cast("Callable[[Floats], Floats]", np.exp)
    if kind == "probability" and family.link in LINKS:
        return LINKS[family.link].probability
    return None


def _limits(value: Floats, width: Floats, what: str) -> tuple[Floats, Floats]:
    """Limits on the scale on which a prediction has no bounds, by the delta method."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if what in _CHANCES:
            middle, around = special.logit(value), width / (value * (1 - value))
            return special.expit(middle - around), special.expit(middle + around)
        if what in _POSITIVE:
            return value * np.exp(-width / value), value * np.exp(width / value)
    return value - width, value + width


def jacobian(function: Callable[[Floats], Floats], estimates: Estimates) -> Floats:
    """Derivative (m, p) of what depends on the coefficients, by central differences.

    A step is a small part of a coefficient's standard error, so that the scale of a covariate
    does not matter; the error is of the order of its square.

    Examples
    --------
    >>> own = Estimates(("a",), np.array([2.0]), np.array([[0.25]]))
    >>> jacobian(lambda b: b**2, own).round(6)
    array([[4.]])
    """
    b = estimates.coefficients
    spread = np.sqrt(np.abs(np.diag(estimates.covariance)))
    unit = np.where(np.isfinite(spread) & (spread > 0), spread, np.maximum(np.abs(b), 1.0))
    columns = []
    for j in range(len(b)):
        step = np.zeros(len(b))
        step[j] = _STEP * unit[j]
        ends = np.asarray(function(b + step)), np.asarray(function(b - step))
        columns.append((ends[0] - ends[1]) / (2 * step[j]))
    return np.column_stack(columns)
