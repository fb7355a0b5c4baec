"""Which distribution of durations: the same rows and terms under each, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, listed
from coalition_models.errors import DataError, FitError, first_few
from coalition_models.models.fit import Fit
from coalition_models.models.parametric.api import DISTRIBUTIONS
from coalition_models.models.running import fit_many
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number

__all__ = ["DistributionChoice", "compare_distributions"]

#: distributions whose AIC is within this of the lowest are hardly worse supported
_NEAR = 2.0


@dataclass(frozen=True, repr=False, eq=False)
class DistributionChoice:
    """Parametric fits that differ in their distribution only.

    Attributes
    ----------
    table : DataFrame
        ``distribution, parameters, log_likelihood, aic, delta_aic, weight, bic, problem``, the
        lowest AIC first; those without a finite maximum last, with their ``problem``.
    fits : mapping
        Distribution -> :class:`Fit`.
    notes : tuple of str
        How the table is to be read.
    """

    table: pd.DataFrame
    fits: Mapping[str, Fit]
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """For text, Markdown, LaTeX and HTML."""
        shown = self.table
        columns = ["distribution", "parameters", "log_likelihood", "aic", "delta_aic", "weight"]
        rows = [
            ["" if pd.isna(value) else format_number(value) for value in row]
            for row in shown[columns].astype(object).itertuples(index=False, name=None)
        ]
        failed = tuple(
            f"{name}: {text}"
            for name, text in zip(shown["distribution"], shown["problem"], strict=True)
            if text
        )
        formula = next(iter(self.fits.values())).formula if self.fits else ""
        title = f"Distributions by AIC: {formula}"
        return Table(columns, rows, title, (*self.notes, *failed))

    def coefficients(self) -> pd.DataFrame:
        """Each term's estimate and standard error by distribution, on the fit's own scale."""
        parts = [
            fit.tidy()[["term", "estimate", "std_error"]].assign(
                distribution=name, scale=fit.family.scale
            )
            for name, fit in self.fits.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def __repr__(self) -> str:
        return f"<DistributionChoice: {', '.join(self.fits)}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def compare_distributions(
    formula: str | Specification,
    data: pd.DataFrame,
    *,
    distributions: Sequence[str] = DISTRIBUTIONS,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    cuts: int | Sequence[float] | None = None,
    trust: bool = False,
) -> DistributionChoice:
    """Fit several distributions to the same rows and order them by Akaike's criterion.

    Parameters
    ----------
    formula : str or Specification
        A formula, as in :func:`parametric`; or the specification of a parametric fit, whose
        options then count and not those given here.
    data : DataFrame
    distributions : sequence of str
        Of :func:`parametric`; default all.
    start, stop, id, strata, weights, offset, cuts, trust
        As in :func:`parametric`.

    Returns
    -------
    DistributionChoice
        ``weight`` is Akaike's weight among those compared.

    Raises
    ------
    DataError
        An unknown distribution.
    FitError
        Where none has a finite maximum.

    Notes
    -----
    The criteria are comparable because all fits have the same rows, events and unit of time; they
    are not with those of Cox or discrete-time models, nor with fits in another unit (the
    log-likelihood moves by the number of events times the log of the unit). A low AIC says which
    shape of the hazard describes these rows, not that the effects are right; the number of
    parameters of ``"piecewise"`` depends on the cuts, and cuts chosen by looking at AIC are not
    counted.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_distributions("event ~ risk", panel,
    ...                                  distributions=["exponential", "weibull"])
    >>> found.table["distribution"].tolist()
    ['exponential', 'weibull']
    """
    check_arguments(compare_distributions, locals())
    wanted = list(dict.fromkeys(listed(distributions)))
    unknown = [name for name in wanted if name not in DISTRIBUTIONS]
    if unknown or not wanted:
        raise DataError(
            f"distributions must be among {', '.join(DISTRIBUTIONS)}; found {first_few(unknown)}"
        )
    if isinstance(formula, Specification):
        if formula.family not in DISTRIBUTIONS:
            raise DataError(
                f"the specification is of {formula.family!r}; give one of "
                f"{', '.join(DISTRIBUTIONS)}, or a formula"
            )
        own, cuts = replace(formula, cuts=None), formula.cuts or cuts
    else:
        own = Specification(
            wanted[0] if cuts is None else "piecewise", formula, start=start, stop=stop, id=id,
            strata=strata, weights=weights, offset=offset, trust=trust,
        )  # fmt: skip
    specs = [replace(own, family=name) for name in wanted]
    specs = [replace(s, cuts=cuts) if "pieces" in s.record.can else s for s in specs]
    found = dict(zip(wanted, fit_many(specs, data, errors="return"), strict=True))
    fits = {name: one for name, one in found.items() if isinstance(one, Fit)}
    failed = {name: str(one) for name, one in found.items() if not isinstance(one, Fit)}
    if not fits:
        raise FitError(next(iter(failed.values())))
    table = _table(fits, failed)
    return DistributionChoice(table, {n: fits[n] for n in table["distribution"] if n in fits},
                              _notes(table, next(iter(fits.values()))))  # fmt: skip


def _table(fits: Mapping[str, Fit], failed: Mapping[str, str]) -> pd.DataFrame:
    rows = [
        {
            "distribution": name,
            "parameters": len(fit.coefficients),
            "log_likelihood": fit.log_likelihood,
            "aic": float(fit.glance()["aic"].iloc[0]),
            "bic": float(fit.glance()["bic"].iloc[0]),
            "problem": "",
        }
        for name, fit in fits.items()
    ]
    rows += [{"distribution": name, "problem": text} for name, text in failed.items()]
    table = pd.DataFrame(rows).sort_values("aic", kind="stable", ignore_index=True)
    lead = table["aic"] - table["aic"].min()
    weight = np.exp(-lead / 2)
    table.insert(4, "delta_aic", lead)
    table.insert(5, "weight", weight / weight.sum())
    return table.astype({"parameters": "Int64"})


def _notes(table: pd.DataFrame, fit: Fit) -> tuple[str, ...]:
    near = table.loc[table["delta_aic"] <= _NEAR, "distribution"].tolist()
    counts = fit.counts
    close = (
        f"Within {_NEAR:g} of the lowest, hence not told apart by these data: {', '.join(near)}."
        if len(near) > 1
        else ""
    )
    notes = (
        f"All on the same {counts.rows} rows, {counts.events} events and unit of time: in another "
        "unit every AIC moves by the same amount, differences stay.",
        close,
        "Not to be compared with AIC of Cox or discrete-time fits. A low AIC speaks for a shape "
        "of the hazard, not for the effects; see whether these agree with cox(), which assumes "
        "no shape.",
        f"With {counts.events} events shapes with more parameters are seldom told apart."
        if counts.events < 50
        else "",
    )
    return tuple(note for note in notes if note)
