"""A fit made anew by lifelines and statsmodels: do other packages say the same."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample

__all__ = ["compare_engines"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Found:
    """Coefficients of the terms (p,) and their standard errors; why not, where there are none."""

    coefficients: Floats
    errors: Floats
    problem: str = ""


def compare_engines(fit: Fit) -> pd.DataFrame:
    """Estimate a fit's model by other packages, on the very rows that it used.

    lifelines knows Cox models under Efron's ties and, in the form of time ratios, Weibull,
    log-normal and log-logistic ones; statsmodels knows Cox models under both rules for ties and
    the discrete-time models. Standard errors are those of the inverse information on both sides,
    since robust ones mean something else in each package.

    Parameters
    ----------
    fit : Fit
        Of :func:`cox` without penalty and priors, of :func:`logit`, :func:`probit` or
        :func:`cloglog` likewise, or of :func:`parametric` with one of these distributions.

    Returns
    -------
    DataFrame
        ``package, term, here, there, error_here, error_there, apart, problem``: ``apart`` is the
        difference of the estimates in standard errors. A package that cannot estimate the model
        is a row with its ``problem``.

    Raises
    ------
    DataError
        A fit that neither package knows.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_engines(cm.cox("event ~ risk", panel))
    >>> found["package"].tolist(), bool((found["apart"].abs() < 1e-4).all())
    (['lifelines', 'statsmodels'], True)
    """
    check_arguments(compare_engines, {"fit": fit})
    able = _ENGINES.get(fit.family.name)
    if able is None or fit.choices.penalty or fit.spec.population_share is not None:
        pull = f" under {fit.choices.penalty}" if fit.choices.penalty else ""
        raise DataError(
            f"compare_engines() knows fits of {', '.join(_ENGINES)} without penalty or prior, not "
            f"of {fit.family.name}{pull}: neither lifelines nor statsmodels has them"
        )
    names, here, errors = _own(fit)
    parts = []
    for package, engine in able.items():
        found = _asked(engine, fit)
        if found.problem:
            parts.append(pd.DataFrame({"package": [package], "problem": [found.problem]}))
            continue
        parts.append(
            pd.DataFrame(
                {
                    "package": package,
                    "term": names,
                    "here": here,
                    "there": found.coefficients,
                    "error_here": errors,
                    "error_there": found.errors,
                    "apart": (found.coefficients - here) / errors,
                    "problem": "",
                }
            )
        )
    records = [record for part in parts for record in part.to_dict("records")]
    columns = ["package", "term", "here", "there", "error_here", "error_there", "apart", "problem"]
    return pd.DataFrame(records, columns=columns)


def _asked(engine: Callable[[Fit, Sample], _Found], fit: Fit) -> _Found:
    """Whatever another package raises is its own affair, and told."""
    with warnings.catch_warnings(record=True):  # its warnings are of its own optimiser
        warnings.simplefilter("always")
        try:
            return engine(fit, fit.engine.sample)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError, RuntimeError) as error:
            return _not(f"{type(error).__name__}: {str(error).splitlines()[0]}")


def _not(problem: str) -> _Found:
    return _Found(np.empty(0), np.empty(0), problem)


def _own(fit: Fit) -> tuple[list[str], Floats, Floats]:
    """Terms with estimates: those of the formula, as log time ratios where there is a choice."""
    ratios = getattr(fit.native, "time_ratios", None)
    plain = np.sqrt(np.diag(fit.model_covariance))
    keep = [
        j for term, at in fit.terms.items() for j in at
        if term != "Intercept" and term not in fit.baseline_terms
    ]  # fmt: skip
    names = [fit.names[j] for j in keep]
    if ratios is None or not len(ratios):
        return names, fit.coefficients[keep], plain[keep]
    shape = fit.names.index("log(shape)")
    power = float(np.exp(fit.coefficients[shape]))
    errors = []
    for j in keep:
        pull = np.array([-1 / power, fit.coefficients[j] / power])
        errors.append(np.sqrt(pull @ fit.model_covariance[np.ix_([j, shape], [j, shape])] @ pull))
    return names, -fit.coefficients[keep] / power, np.array(errors)


def _frame(sample: Sample) -> pd.DataFrame:
    columns = {f"x{j}": column for j, column in enumerate(sample.matrix.T)}
    return pd.DataFrame(
        {"stop": sample.stop, "start": sample.start, "event": sample.event, **columns}
    )


def _lifelines_cox(fit: Fit, sample: Sample) -> _Found:
    if fit.choices.ties != "efron":
        return _not("lifelines has Efron's rule for ties only")
    if sample.offset is not None:
        return _not("lifelines has no offset")
    from lifelines import CoxPHFitter  # slow to import

    frame = _frame(sample)
    options: dict[str, object] = {}
    if sample.strata is not None:
        frame["stratum"], options["strata"] = sample.strata, ["stratum"]
    if sample.weights is not None:
        frame["weight"], options["weights_col"] = sample.weights, "weight"
    found = CoxPHFitter().fit(
        frame, "stop", "event", entry_col="start", fit_options={"precision": 1e-10}, **options
    )
    return _Found(found.params_.to_numpy(), found.standard_errors_.to_numpy())


def _statsmodels_cox(fit: Fit, sample: Sample) -> _Found:
    if sample.weights is not None:
        return _not("statsmodels has no case weights in Cox models")
    import statsmodels.api as sm  # slow to import

    # it takes a row to be at risk at its own start, where an event of others may lie
    entry = None if sample.start is None else np.nextafter(sample.start, np.inf)
    model = sm.PHReg(
        sample.stop, sample.matrix, status=sample.event, entry=entry, strata=sample.strata,
        offset=sample.offset, ties=fit.choices.ties,
    )  # fmt: skip
    found = model.fit(disp=0)
    return _Found(np.asarray(found.params), np.asarray(found.bse))


def _statsmodels_binary(fit: Fit, sample: Sample) -> _Found:
    import statsmodels.api as sm  # slow to import

    links = {
        "logit": sm.families.links.Logit(),
        "probit": sm.families.links.Probit(),
        "cloglog": sm.families.links.CLogLog(),
    }
    X = np.column_stack([fit.engine.values_of(j) for j in range(len(fit.names))])
    found = sm.GLM(
        sample.event, X, family=sm.families.Binomial(link=links[fit.family.link]),
        offset=sample.offset, freq_weights=sample.weights,
    ).fit(tol=1e-14, maxiter=200, cov_type="nonrobust")  # fmt: skip
    keep = [
        j for term, at in fit.terms.items() for j in at
        if term != "Intercept" and term not in fit.baseline_terms
    ]  # fmt: skip
    return _Found(np.asarray(found.params)[keep], np.asarray(found.bse)[keep])


def _lifelines_time(kind: str, parameter: str) -> Callable[[Fit, Sample], _Found]:
    def engine(fit: Fit, sample: Sample) -> _Found:
        if sample.strata is not None or sample.offset is not None or sample.intervals is not None:
            return _not("lifelines has no strata, offset or interval in these models")
        import lifelines  # slow to import

        frame = _frame(sample)
        options: dict[str, object] = {}
        if sample.weights is not None:
            frame["weight"], options["weights_col"] = sample.weights, "weight"
        fitter: Any = getattr(lifelines, kind)()
        # 1e-5 or so is what its optimiser reaches
        found = fitter.fit(frame, "stop", "event", entry_col="start", **options)
        own = [f"x{j}" for j in range(sample.matrix.shape[1])]
        table = found.summary.loc[parameter].loc[own]
        return _Found(table["coef"].to_numpy(), table["se(coef)"].to_numpy())

    return engine


_ENGINES: Mapping[str, Mapping[str, Callable[[Fit, Sample], _Found]]] = {
    "cox": {"lifelines": _lifelines_cox, "statsmodels": _statsmodels_cox},
    "logit": {"statsmodels": _statsmodels_binary},
    "probit": {"statsmodels": _statsmodels_binary},
    "cloglog": {"statsmodels": _statsmodels_binary},
    "weibull": {"lifelines": _lifelines_time("WeibullAFTFitter", "lambda_")},
    "lognormal": {"lifelines": _lifelines_time("LogNormalAFTFitter", "mu_")},
    "loglogistic": {"lifelines": _lifelines_time("LogLogisticAFTFitter", "alpha_")},
}
