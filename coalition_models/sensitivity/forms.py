"""What a finding owes to its form: a straight line, a constant effect, one clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import CoverageError, DataError, FitError, gathered
from coalition_models.inference.null_score import score_at_null
from coalition_models.kernels.natural_spline import natural_spline
from coalition_models.kernels.wald import joint_test
from coalition_models.members.facts import Facts
from coalition_models.models.asked import null_information
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit as fit_one
from coalition_models.models.running import unfitted
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.rebuilding import LEVEL, Rebuild

__all__ = ["CLOCKS", "FunctionalForm", "functional_form"]

Floats = npt.NDArray[np.float64]

#: origins of time on which a term is looked at
CLOCKS = ("entry", "coalition")
#: share of a term's variance among those at risk together below which a clock does not tell it
_LEAST = 0.02
_NUMBERS = ("estimate", "std_error", "p_value", "departure", "p_departure", "z", "events",
            "exposed_events", "identified")  # fmt: skip


@dataclass(frozen=True, repr=False)
class FunctionalForm:
    """A term in other forms, by clock.

    Attributes
    ----------
    term : str
    table : DataFrame
        One row per ``clock`` and ``form`` (``straight``, ``curved``, ``changing over time``,
        ``late and early``): ``estimate, std_error, p_value`` of the term in this model (log
        scale), ``departure`` (of the late from the early effect, or per unit of log time; missing
        for curves) and ``p_departure`` (of the straight and constant form), ``z`` of the score,
        ``events, exposed_events``; ``identified`` (share of the term's variance that is among
        those at risk together), ``problem``.
    curve : DataFrame
        ``clock, value, estimate`` of the curved form against the term's median.
    notes : tuple of str
    """

    term: str
    table: pd.DataFrame
    curve: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in sentences made from its numbers."""
        straight = self.table[self.table["form"] == "straight"]
        parts = []
        for clock, estimate, p, identified in (
            straight[["clock", "estimate", "p_value", "identified"]].to_numpy().tolist()
        ):
            if not identified >= _LEAST:
                share = "nothing" if np.isnan(identified) else f"{identified:.1%}"
                parts.append(f"on the clock of {clock} the risk sets tell {share} of its variance")
            elif np.isnan(estimate):
                parts.append(f"on the clock of {clock} it has no estimate")
            else:
                parts.append(
                    f"on the clock of {clock} its ratio is {np.exp(estimate):.3g} (p {format_p(p)})"
                )
        bent = self.table[self.table["p_departure"] < LEVEL]
        forms = ", ".join(f"{row[1]} ({row[0]})" for row in bent[["clock", "form"]].to_numpy())
        tests = int(self.table["p_departure"].notna().sum())
        return (
            f"{self.term}: {'; '.join(parts)}. {len(bent)} of {tests} tests reject a straight "
            f"line with a constant effect{': ' + forms if forms else ''}."
        )

    def to_table(self) -> Table:
        """All forms, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [
                str(one["clock"]), str(one["form"]), format_number(np.exp(one["estimate"])),
                format_p(one["p_value"]), format_p(one["p_departure"]),
                format_number(one["events"]), format_number(one["exposed_events"]),
                "" if np.isnan(one["identified"]) else f"{one['identified']:.0%}",
            ]
            for one in self.table.to_dict("records")
        ]  # fmt: skip
        header = ["clock", "form", "ratio", "p", "p, departure", "events", "exposed", "identified"]
        lost = self.table.loc[self.table["problem"] != "", ["clock", "form", "problem"]]
        notes = [f"{a}, {b}: {why}" for a, b, why in lost.to_numpy().tolist()]
        return Table(header, rows, f"Form of {self.term}", [*self.notes, *notes], "llrrrrrr")

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def functional_form(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    options: Mapping[str, object] | None = None,
    df: int = 3,
) -> FunctionalForm:
    """Refit a term as a curve, with an effect that changes over time, and on the other clock.

    Parameters
    ----------
    spec : Specification
        Of a family with scores and information at the null, clustered one way; its formula a sum.
    term : str
        A numeric column of the formula.
    facts : Facts
    features : callable, optional
        From a panel to one with the columns of the formula.
    options : mapping, optional
        Of :func:`build_panel`; the clock is set here.
    df : int
        Degrees of freedom of the natural spline, 2 or more; inner knots at quantiles of the values.

    Returns
    -------
    FunctionalForm

    Raises
    ------
    DataError
        No clusters or two sets of them; a term that is no numeric column.

    Notes
    -----
    Members are compared at one time of the clock. A term that is a function of that time (months
    of the mission on the coalition's clock, months since entry on the own) is the same for all who
    are compared, and only the model's form could tell its effect: ``identified`` is then near 0,
    and a note says so.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ mission", cluster="state")
    >>> def mission(panel):
    ...     return panel.assign(mission=panel["period"].dt.year * 12.0 + panel["period"].dt.month)
    >>> found = cm.sensitivity.functional_form(spec, "mission", cm.facts("iraq"), features=mission)
    >>> found.table.query("form == 'straight'")["identified"].round(2).tolist()[1]
    0.0
    """
    check_arguments(functional_form, locals())
    check_count(df, "df", least=2)
    require(spec.record, "null_information", "functional_form()")
    require(spec.record, "null_scores", "functional_form()")
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    lines, curves, notes = [], [], []
    with gathered() as told:
        for clock in CLOCKS:
            panel = replace(rebuild, options={**rebuild.options, "clock": clock}).panel(facts)
            found = _on_clock(spec, term, panel, df)
            lines += [{"clock": clock, **line} for line in found.lines]
            curves.append(found.curve.assign(clock=clock))
            share = cast("float", found.lines[0]["identified"])
            if not share >= _LEAST:
                notes.append(
                    f"on the clock of {clock} {term} is, or is nearly, the same for all who are "
                    "compared: this clock does not identify it"
                )
    table = pd.DataFrame(lines).astype(dict.fromkeys(_NUMBERS, float))
    columns = ["clock", "form", *_NUMBERS, "problem"]
    drawn = [one for one in curves if len(one)]
    names = ["clock", "value", "estimate"]
    curve = pd.concat(drawn, ignore_index=True)[names] if drawn else pd.DataFrame(columns=names)
    return FunctionalForm(term, table[columns], curve, (*notes, *told))


@dataclass(frozen=True, eq=False)
class _Found:
    lines: list[dict[str, object]]
    curve: pd.DataFrame


def _on_clock(spec: Specification, term: str, panel: pd.DataFrame, df: int) -> _Found:
    if term not in panel.columns or not pd.api.types.is_numeric_dtype(panel[term].dtype):
        raise DataError(f"{term!r} must be a numeric column that features= makes")
    values = panel[term].astype(float)
    known = values.dropna()
    share = _identified(spec, term, panel)
    two = known.nunique() <= 2
    straight = _line("straight", spec, term, panel, [], share)
    lines = [straight]
    curve = pd.DataFrame(columns=["value", "estimate"])
    if not two:
        made, basis = _spline(panel, term, df)
        names = [c for c in made.columns if c not in panel.columns]
        line, fitted = _fitted("curved", spec, term, made, names, share)
        lines.append({**line, "departure": np.nan})
        curve = _curve(fitted, term, names, known, basis)
    time = panel[spec.stop].astype(float)
    moment = time[panel[event_of(spec.formula)] == 1]
    centred = values - values.mean()
    changing = panel.assign(changing_=centred * (np.log(time) - np.log(moment).mean()))
    lines.append(_line("changing over time", spec, term, changing, ["changing_"], share))
    halves = panel.assign(late_=centred * (time > moment.median()))
    lines.append(_line("late and early", spec, term, halves, ["late_"], share))
    return _Found(lines, curve)


def _line(
    form: str, spec: Specification, term: str, panel: pd.DataFrame, more: list[str], share: float
) -> dict[str, object]:
    return _fitted(form, spec, term, panel, more, share)[0]


def _fitted(
    form: str, spec: Specification, term: str, panel: pd.DataFrame, more: list[str], share: float
) -> tuple[dict[str, object], Fit | None]:
    """A model with more columns, and the test that these are nothing."""
    line: dict[str, object] = {"form": form, **dict.fromkeys(_NUMBERS, np.nan)}
    line |= {"identified": share, "problem": ""}
    if not share >= _LEAST:
        return {**line, "problem": "not identified"}, None
    asked = replace(spec, formula=" + ".join([spec.formula, *more]))
    try:
        numbers = score_at_null(spec, term, panel).numbers
        line |= {name: value for name, value in numbers.items() if name in _NUMBERS}
        fitted = fit_one(asked, panel)
    except (FitError, CoverageError) as error:
        return {**line, "problem": str(error).partition("\n")[0]}, None
    tidy = fitted.tidy().set_index("term")
    line |= {name: float(tidy[name][term]) for name in ("estimate", "std_error", "p_value")}
    if more:
        at = [fitted.place_of(name) for name in more]
        V = fitted.estimates.covariance
        test = joint_test(fitted.coefficients[at], V[np.ix_(at, at)], at_most=fitted.directions)
        line["departure"] = float(fitted.coefficients[at[0]])
        line["p_departure"] = _p_value(test.statistic, test.df, fitted.degrees())
    return line, fitted


def _p_value(statistic: float, df: int, degrees: float) -> float:
    if not df or np.isnan(statistic):
        return float("nan")
    if np.isinf(degrees):
        return float(stats.chi2.sf(statistic, df))
    return float(stats.f.sf(statistic / df, df, degrees))


def _spline(
    panel: pd.DataFrame, term: str, df: int
) -> tuple[pd.DataFrame, Callable[[Floats], Floats]]:
    """The panel with all but one column of a natural spline; the straight line is the last."""
    values = panel[term].astype(float)
    known = values.dropna().to_numpy()
    inner = np.unique(np.quantile(known, np.arange(1, df) / df)).astype(np.float64)
    low, high = float(known.min()), float(known.max())
    inner = inner[(inner > low) & (inner < high)]
    scale = high - low

    def basis(x: Floats) -> Floats:
        columns = natural_spline((x - low) / scale, ((inner - low) / scale).tolist(), (0.0, 1.0))
        return columns[:, : max(len(inner), 1)]

    filled: Floats = np.array(values.fillna(low), dtype=np.float64)
    columns = basis(filled)
    made = {f"curve_{j}_": np.where(values.isna(), np.nan, columns[:, j])
            for j in range(columns.shape[1])}  # fmt: skip
    return panel.assign(**made), basis


def _curve(
    fitted: Fit | None,
    term: str,
    names: list[str],
    known: pd.Series,
    basis: Callable[[Floats], Floats],
) -> pd.DataFrame:
    if fitted is None:
        return pd.DataFrame(columns=["value", "estimate"])
    at: Floats = np.array(known.quantile(np.linspace(0.02, 0.98, 25)), dtype=np.float64)
    middle: Floats = np.array([float(known.median())], dtype=np.float64)
    own = fitted.coefficients[[fitted.place_of(name) for name in names]]
    line = float(fitted.coefficients[fitted.place_of(term)])
    estimate = line * (at - middle) + (basis(at) - basis(middle)) @ own
    return pd.DataFrame({"value": at, "estimate": estimate})


def _identified(spec: Specification, term: str, panel: pd.DataFrame) -> float:
    """Share of the term's variance over all rows that is among those compared at one time."""
    try:
        found = score_at_null(spec, term, panel)
        model = unfitted(replace(spec, variance=None, small_sample=None), panel)
    except (FitError, CoverageError):
        return float("nan")
    spread = float(np.var(found.values))
    if spread == 0:
        return 0.0
    at = model.names.index(term)
    information = null_information(model)
    others = [j for j in range(len(information)) if j != at]
    own = information[at, at]
    if others:
        cross = information[at, others]
        own = own - cross @ np.linalg.pinv(information[np.ix_(others, others)]) @ cross
    return float(max(own, 0.0) / (found.numbers["events"] * spread))
