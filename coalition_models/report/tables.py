"""Tables for print: several fits side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.fit import Fit
from coalition_models.render import Table, format_number, format_p
from coalition_models.report.fits import named

__all__ = ["table"]


def table(
    fits: Fit | Sequence[Fit] | Mapping[str, Fit] | pd.Series,
    *,
    terms: Sequence[str] | None = None,
    hazard_ratios: bool = False,
    names: Sequence[str] | None = None,
    level: float = 0.95,
    title: str = "",
    baseline: bool = False,
) -> Table:
    r"""Set fits side by side: estimate and p-value, limits below, what was used at the foot.

    ``table(...).latex()`` and ``.markdown()`` give what pandas calls ``to_latex`` and
    ``to_markdown``; ``.text()`` and ``.html()`` the others.

    Parameters
    ----------
    fits : Fit, sequence of Fit, or mapping (Series) of names to Fit
    terms : sequence of str, optional
        Which coefficients, in this order; the others are named below the table. By default all
        but the intercept and the duration terms.
    hazard_ratios : bool
        Show hazard (or odds) ratios and their limits in place of coefficients.
    names : sequence of str, optional
        A heading per fit; by default those of the mapping, or ``(1)``, ``(2)``, ...
    level : float
        Of the confidence limits.
    title : str
    baseline : bool
        Show the intercept and the duration terms of discrete-time fits too. They shape the hazard
        of a reference and compare no two members, so that their odds ratios mean nothing.

    Returns
    -------
    Table
        Shows itself in a notebook and in a terminal; ``text()``, ``markdown()``, ``latex()``,
        ``html()``.

    Raises
    ------
    DataError
        No fit, a number of names that differs from that of fits, or an unknown term.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
    ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
    >>> print(cm.table(cm.cox("event ~ risk", df)).text().splitlines()[2])
    risk            1.476 (p 0.169)
    >>> cm.table({"Cox": cm.cox("event ~ risk", df)}).header
    ['', 'Cox']
    >>> print(cm.table(cm.cox("event ~ risk", df)).latex().splitlines()[0])
    \begin{tabular}{lr}
    >>> print(cm.table(cm.cox("event ~ risk", df)).markdown().splitlines()[2])
    | risk | 1.476 (p 0.169) |
    """
    options = {"terms": terms, "hazard_ratios": hazard_ratios, "names": names, "level": level}
    check_arguments(table, {**options, "title": title, "baseline": baseline})
    given = named(fits, Fit, names=names)
    headings = [name or f"({place})" for place, (name, _) in enumerate(given, start=1)]
    models = [fit for _, fit in given]
    tidied = [fit.tidy(hazard_ratios, level).set_index("term") for fit in models]
    every = list(dict.fromkeys(term for frame in tidied for term in frame.index))
    hushed = [] if baseline else [name for fit in models for name in fit.baseline_terms]
    shown = [term for term in every if term not in hushed] if terms is None else list(terms)
    unknown = [term for term in shown if term not in every]
    if unknown:
        raise DataError(f"no fit has the terms {first_few(unknown)}; known: {first_few(every)}")
    rows: list[list[str]] = []
    for term in shown:
        rows.append([term, *[_estimate(frame, term) for frame in tidied]])
        rows.append(["", *[_limits(frame, term) for frame in tidied]])
    rows += _foot(models)
    hidden = [term for term in every if term not in shown]
    tail = [f"Estimated and not shown: {', '.join(hidden)}."] if hidden else []
    return Table(
        ["", *headings], rows, title, (*_notes(models, headings, hazard_ratios, level), *tail)
    )


def _estimate(frame: pd.DataFrame, term: str) -> str:
    if term not in frame.index:
        return ""
    estimate, p_value = frame.loc[[term], ["estimate", "p_value"]].to_numpy(dtype=float)[0]
    return f"{format_number(estimate)} (p {format_p(p_value)})"


def _limits(frame: pd.DataFrame, term: str) -> str:
    if term not in frame.index:
        return ""
    low, high = frame.loc[[term], ["conf_low", "conf_high"]].to_numpy(dtype=float)[0]
    return f"[{format_number(low)}, {format_number(high)}]"


def _foot(models: Sequence[Fit]) -> list[list[str]]:
    def count(values: Sequence[int | None]) -> list[str]:
        return ["" if value is None else f"{value}" for value in values]

    counts = [fit.counts for fit in models]
    rows = [
        ["events", *count([c.events for c in counts])],
        ["rows", *count([c.rows for c in counts])],
        ["members", *count([c.members for c in counts])],
        ["clusters", *count([min(c.clusters) if c.clusters else None for c in counts])],
        ["log-likelihood", *[format_number(fit.log_likelihood) for fit in models]],
        ["ties", *[fit.choices.ties for fit in models]],
        ["variance", *[fit.choices.variance for fit in models]],
    ]
    return [row for row in rows if any(row[1:])]


def _notes(models: Sequence[Fit], headings: Sequence[str], ratios: bool, level: float) -> list[str]:
    """Notes that all fits share once, the others behind the heading of their fit."""
    shown = "hazard or odds ratio" if ratios else "coefficient"
    notes = [f"Each cell: {shown} (p-value), below it the {100 * level:g}% interval."]
    each = [fit.footnotes() for fit in models]
    shared = [note for note in each[0] if all(note in others for others in each[1:])]
    for heading, fit, lines in zip(headings, models, each, strict=True):
        own = " ".join(line for line in lines if line not in shared)
        if own:
            notes.append(f"{heading}: {fit.title}. {own}" if len(models) > 1 else own)
    return [*notes, *shared]
