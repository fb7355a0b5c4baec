"""The table of one fit, as R's summary prints it, and its text at a readable width."""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtr, stdtrit

from coalition_models.errors import DataError
from coalition_models.models.display import Choices
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.render import Table, format_number, format_p

__all__ = [
    "WIDTH",
    "Reference",
    "check_level",
    "coefficient_table",
    "ratio_name",
    "tidy_table",
    "wald_columns",
    "wrapped",
]

Floats = npt.NDArray[np.float64]

#: characters of a line of text
WIDTH = 100

Reference = Literal["normal", "t"]


class Shown(Protocol):
    """What a table shows of a fit."""

    @property
    def family(self) -> Family:
        """What its coefficients are called."""

    @property
    def formula(self) -> str:
        """Named in the title."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""

    @property
    def baseline_terms(self) -> tuple[str, ...]:
        """Coefficients without a ratio."""

    @property
    def choices(self) -> Choices:
        """Settings."""

    @property
    def log_likelihood(self) -> float:
        """At the estimates."""

    @property
    def log_likelihood_null(self) -> float:
        """Without terms."""

    def tidy(
        self, exponentiate: bool = False, level: float = 0.95, *, reference: Reference | None = None
    ) -> pd.DataFrame:
        """One row per coefficient."""

    def footnotes(self, reference: Reference | None = None) -> tuple[str, ...]:
        """What prints below."""


def check_level(level: float) -> float:
    """Refuse a confidence level that is none."""
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, for instance 0.95, not {level!r}")
    return level


def tidy_table(
    estimates: Estimates,
    errors: Floats,
    degrees: float,
    level: float,
    *,
    p_values: Floats | None,
    limits: Floats | None,
    exponentiate: bool,
) -> pd.DataFrame:
    """One row per coefficient in the columns of broom; Wald's tests and limits where none given."""
    columns = wald_columns(estimates, errors, degrees, level, p_values=p_values, limits=limits)
    shape = np.exp if exponentiate else np.asarray
    with np.errstate(over="ignore"):
        return pd.DataFrame(
            {
                "term": list(estimates.names),
                **columns,
                **{name: shape(columns[name]) for name in ("estimate", "conf_low", "conf_high")},
            }
        )


def wald_columns(
    estimates: Estimates,
    errors: Floats,
    degrees: float,
    level: float,
    *,
    p_values: Floats | None = None,
    limits: Floats | None = None,
) -> dict[str, Floats]:
    """Numbers of each coefficient on its own scale, by column; Wald's where none are given."""
    coefficients = estimates.coefficients
    statistic = coefficients / errors
    if p_values is None:
        p_values = 2 * stdtr(degrees, -np.abs(statistic))
    if limits is None:
        half = -stdtrit(degrees, (1 - level) / 2) * errors
        limits = np.column_stack([coefficients - half, coefficients + half])
    return {
        "estimate": coefficients,
        "std_error": errors,
        "statistic": statistic,
        "p_value": p_values,
        "conf_low": limits[:, 0],
        "conf_high": limits[:, 1],
    }


def ratio_name(fit: Shown) -> str:
    """What the exponential of a coefficient is; empty where it is nothing (probit)."""
    return fit.family.ratio


def coefficient_table(fit: Shown, exponentiate: bool, level: float, reference: Reference) -> Table:
    """Estimate, standard error, test, ratio and its limits, one row per coefficient."""
    log, ratio = fit.family.scale, fit.family.ratio
    plain = fit.tidy(False, level, reference=reference)
    as_ratios = exponentiate or bool(ratio)
    shown = fit.tidy(True, level, reference=reference) if as_ratios else plain
    columns: dict[str, list[str]] = {"term": [str(name) for name in plain["term"]]}
    if not exponentiate:
        columns[f"coef ({log})"] = _numbers(plain["estimate"])
    else:
        columns[ratio or "exp(coef)"] = _numbers(shown["estimate"])
    columns["std. error (log)" if exponentiate and ratio else "std. error"] = _numbers(
        plain["std_error"]
    )
    columns["t" if reference == "t" else "z"] = _numbers(plain["statistic"], 2)
    columns["p"] = [format_p(value) for value in plain["p_value"]]
    if ratio and not exponentiate:
        columns["exp(coef)"] = _numbers(shown["estimate"])
    percent = f"{100 * level:g}%"
    columns[f"{percent} low"] = _numbers(shown["conf_low"])
    columns[f"{percent} high"] = _numbers(shown["conf_high"])
    notes = _notes(fit, level, reference, exponentiate)
    if ratio and fit.baseline_terms:
        _blank(columns, fit, {ratio, "exp(coef)", f"{percent} low", f"{percent} high"})
    table = Table(
        list(columns),
        [list(row) for row in zip(*columns.values(), strict=True)],
        f"{fit.family.title}: {fit.formula}",
    )
    if ratio and not exponentiate and max(map(len, table.text().splitlines()[1:])) > WIDTH:
        # the words move below where long names of terms need their place
        table = replace(table, header=["term", "coef", *list(columns)[2:]])
        notes.insert(0, f"coef: {log}.")
    return replace(table, notes=(*notes, *fit.footnotes(reference)))


def _notes(fit: Shown, level: float, reference: Reference, exponentiate: bool) -> list[str]:
    kind = "Log-likelihood (unpenalised)" if fit.choices.penalty else "Log-likelihood"
    notes = [f"{kind} {fit.log_likelihood:.3f} (null {fit.log_likelihood_null:.3f})."]
    ratio = ratio_name(fit)
    if ratio and not exponentiate:
        notes.append(f"The {100 * level:g}% limits are those of exp(coef), the {ratio}.")
    if ratio and fit.baseline_terms:
        notes.append(f"Intercept and duration terms compare no two members and have no {ratio}.")
    return notes


def _blank(columns: dict[str, list[str]], fit: Shown, heads: set[str]) -> None:
    """Leave out what means nothing for the intercept and duration terms."""
    for row, name in enumerate(fit.names):
        if name in fit.baseline_terms:
            for head in heads & columns.keys():
                columns[head][row] = ""


def _numbers(values: pd.Series, digits: int = 3) -> list[str]:
    return [format_number(value, digits) for value in values]


def wrapped(table: Table, width: int = WIDTH) -> str:
    """Text of a table whose title and notes keep to a width.

    Examples
    --------
    >>> print(wrapped(Table(["a"], [["1"]], notes=["one two three"]), width=8))
    a
    -
    1
    one two
      three
    """

    def lines(text: str) -> list[str]:
        return wrap(text, width, subsequent_indent="  ", break_long_words=False)

    notes = [line for note in table.notes for line in lines(note)]
    return replace(table, title="\n".join(lines(table.title)), notes=notes).text()
