"""The table of one fit, as R's summary prints it, and its text at a readable width."""

from __future__ import annotations

from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING

import pandas as pd

from coalition_models.render import Table, format_number, format_p

if TYPE_CHECKING:
    from coalition_models.models.fit import Fit, Reference

__all__ = ["WIDTH", "coefficient_table", "ratio_name", "wrapped"]

#: characters of a line of text
WIDTH = 100

#: link -> what a coefficient is, and its exponential; a probit's is no ratio
_SCALES = {
    "": ("log hazard ratio", "hazard ratio"),
    "logit": ("log odds", "odds ratio"),
    "cloglog": ("log hazard ratio", "hazard ratio"),
    "probit": ("probit", ""),
}


def ratio_name(fit: Fit) -> str:
    """What the exponential of a coefficient is; empty where it is nothing (probit)."""
    return _SCALES[fit.choices.link][1]


def coefficient_table(fit: Fit, exponentiate: bool, level: float, reference: Reference) -> Table:
    """Estimate, standard error, test, ratio and its limits, one row per coefficient."""
    log, ratio = _SCALES[fit.choices.link]
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
        f"{fit.title}: {fit.formula}",
    )
    if ratio and not exponentiate and max(map(len, table.text().splitlines()[1:])) > WIDTH:
        # the words move below where long names of terms need their place
        table = replace(table, header=["term", "coef", *list(columns)[2:]])
        notes.insert(0, f"coef: {log}.")
    return replace(table, notes=(*notes, *fit.footnotes(reference)))


def _notes(fit: Fit, level: float, reference: Reference, exponentiate: bool) -> list[str]:
    kind = "Log-likelihood (unpenalised)" if fit.choices.penalty else "Log-likelihood"
    notes = [f"{kind} {fit.log_likelihood:.3f} (null {fit.log_likelihood_null:.3f})."]
    ratio = ratio_name(fit)
    if ratio and not exponentiate:
        notes.append(f"The {100 * level:g}% limits are those of exp(coef), the {ratio}.")
    if ratio and fit.baseline_terms:
        notes.append(f"Intercept and duration terms compare no two members and have no {ratio}.")
    return notes


def _blank(columns: dict[str, list[str]], fit: Fit, heads: set[str]) -> None:
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
