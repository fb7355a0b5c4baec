"""One fit under another variance: the same estimates, other standard errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.display import Background
from coalition_models.models.fit import Fit
from coalition_models.models.sharing import room_for

__all__ = ["with_variance"]

#: coefficients that differ by more are those of another model
_SAME = 1e-6


def with_variance(fit: Fit, variance: str) -> Fit:
    """The fit with another kind of covariance.

    Parameters
    ----------
    fit : Fit
    variance : {"model", "robust", "cluster", "jackknife"}
        The last two need a fit that knows its clusters (``cluster=``).

    Returns
    -------
    Fit
        From the same rows, without the data being read again.

    Raises
    ------
    DataError
        A variance that the family or the options of the fit do not allow, and a model whose rows
        cannot be taken up again: then fit it with ``variance=``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, hazard=0.03, coefficients={"risk": 0.8}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel, cluster="state", variance="model")
    >>> cm.inference.with_variance(fit, "jackknife").choices.variance
    'jackknife'
    """
    check_arguments(with_variance, locals())
    if variance == fit.choices.variance:
        return fit
    factor = None if variance in ("model", "jackknife") else fit.spec.small_sample
    spec = replace(fit.spec, variance=variance, small_sample=factor)
    room = room_for(spec)
    room.check(spec)
    sample = fit.engine.sample
    found = room.estimate(spec, sample, Background(sample.frame("", "stop")))
    same = found.names == fit.names and np.allclose(
        found.coefficients, fit.coefficients, rtol=_SAME, atol=_SAME
    )
    if not same:
        raise DataError(
            f"the rows of this {fit.family.name} fit cannot be taken up again: fit it with "
            f"variance={variance!r}"
        )
    return replace(found, data_choices=fit.data_choices, sources=fit.sources)
