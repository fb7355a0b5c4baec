"""What one column of a table of models shows: numbers, labels, counts, and what must be said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.inference.few_cluster_tests import few_clusters
from coalition_models.inference.imputed import Combined
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.inference.variances import with_variance
from coalition_models.models.asked import compared_by
from coalition_models.models.fit import Fit
from coalition_models.models.term_labels import Label, term_labels
from coalition_models.record import record_of

__all__ = ["KINDS", "VARIANCES", "Column", "Shown", "column_of", "with_variances"]

Shown = Fit | TermEstimate | Combined | pd.DataFrame
#: what a column may show, in the order of messages
KINDS: tuple[type, ...] = (Fit, TermEstimate, Combined, pd.DataFrame)
#: option ``variances`` -> what a heading calls it
VARIANCES = {
    "model": "model-based",
    "robust": "robust",
    "cluster": "clustered",
    "jackknife": "jackknife (CR3)",
    "wild": "wild bootstrap",
}
_NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
#: where one sentence of a note ends and the next begins
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
#: notes on how panel and features were made
_MAKING = ("Panel: ", "Features: ")


@dataclass(frozen=True)
class Column:
    """One model (or pooled result) as a table shows it.

    Attributes
    ----------
    numbers : DataFrame
        By coefficient: ``estimate, std_error, statistic, p_value, conf_low, conf_high``; estimate
        and limits are ratios where ``ratio`` is not empty and the term is not in ``baseline``.
    labels : mapping
        Coefficient -> its :class:`Label`.
    baseline : tuple of str
        Coefficients that compare no two members.
    scale, ratio : str
        What an estimate is; what it is where ratios are shown, empty where they are not.
    facts : mapping
        Rows at the foot -> text.
    likelihood : tuple or None
        Log-likelihood, number of parameters, and what two columns must share for these to be
        compared.
    notes : tuple of str
        Sentences.
    """

    numbers: pd.DataFrame
    labels: Mapping[str, Label]
    scale: str
    ratio: str = ""
    baseline: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    likelihood: tuple[float, int, str] | None = None
    notes: tuple[str, ...] = ()


def with_variances(
    given: Sequence[tuple[str, Shown]], variances: Sequence[str]
) -> list[tuple[str, Shown, str]]:
    """Each fit under each variance: heading, fit, and ``"wild"`` where the test is that.

    Raises
    ------
    DataError
        An unknown variance, or something else than a fit.
    """
    unknown = [name for name in variances if name not in VARIANCES]
    if unknown:
        raise DataError(
            f"variances must be some of {', '.join(VARIANCES)}; found {first_few(unknown)}"
        )
    if not variances:
        return [(name, shown, "") for name, shown in given]
    out: list[tuple[str, Shown, str]] = []
    for name, shown in given:
        if not isinstance(shown, Fit):
            raise DataError("variances= takes fits, whose rows are known; leave it out here")
        for kind in variances:
            heading = f"{name}, {VARIANCES[kind]}" if name else VARIANCES[kind]
            fit = shown if kind == "wild" else with_variance(shown, kind)
            out.append((heading, fit, "wild" if kind == "wild" else ""))
    return out


def column_of(
    shown: Shown, *, ratios: bool, level: float, own: Mapping[str, str], making: bool, wild: bool
) -> Column:
    """Read what a column shows.

    Parameters
    ----------
    shown : Fit, TermEstimate, Combined or DataFrame
        A frame has the columns of :meth:`Fit.tidy`, on the log scale where ratios are asked for.
    ratios : bool
    level : float
    own : mapping
        Labels.
    making : bool
        Whether notes tell how panel and features were made.
    wild : bool
        The p-values of the wild bootstrap of the score in place of the fit's tests.
    """
    if isinstance(shown, Fit):
        return _of_fit(shown, ratios, level, own, making, wild)
    if isinstance(shown, TermEstimate):
        return _of_term(shown, ratios, level, own)
    if isinstance(shown, Combined):
        low, high = shown.limits(level)
        line = {"term": "pooled estimate", "estimate": shown.estimate,
                "std_error": shown.std_error, "p_value": shown.p_value,
                "conf_low": low, "conf_high": high}  # fmt: skip
        note = (
            f"Combined over {shown.draws} completed data sets by Rubin's rules, Student's t with "
            f"{shown.degrees:.1f} degrees of freedom; the draws add "
            f"{100 * shown.missing_information:.0f}% of the variance."
        )
        return _of_frame(pd.DataFrame([line]), ratios, own, (note,))
    return _of_frame(shown, ratios, own, tuple(record_of(shown).notes.get("table", ())))


def _of_fit(
    fit: Fit, ratios: bool, level: float, own: Mapping[str, str], making: bool, wild: bool
) -> Column:
    ratio = fit.family.ratio if ratios else ""
    numbers = fit.tidy(False, level).set_index("term")[_NUMBERS]
    notes = [f"Model: {fit.title}."]
    for text in fit.footnotes()[1:]:
        if making or not text.startswith(_MAKING):
            notes += [text] if text.startswith(_MAKING) else _SENTENCE.split(text)
    if ratios and not ratio:
        notes.append(
            f"No ratio: the exponential of a {fit.family.short} coefficient means nothing."
        )
    labels = term_labels(fit, own)
    if wild:
        numbers, notes = _by_wild_test(fit, numbers, notes, labels)
    facts = _facts(fit) | ({"variance": "none; test of the score"} if wild else {})
    return Column(
        numbers=_as_ratios(numbers, fit.baseline_terms) if ratio else numbers,
        labels=labels,
        scale=fit.family.scale,
        ratio=ratio,
        baseline=fit.baseline_terms,
        facts=facts,
        likelihood=(fit.log_likelihood, len(fit.coefficients), compared_by(fit)),
        notes=tuple(notes),
    )


def _by_wild_test(
    fit: Fit, numbers: pd.DataFrame, notes: list[str], labels: Mapping[str, Label]
) -> tuple[pd.DataFrame, list[str]]:
    """Tests of the score's wild bootstrap, which has no standard errors and no limits."""
    found = few_clusters(fit)
    by_term = found.table.set_index("term")
    out = numbers.copy()
    out[["std_error", "statistic", "p_value", "conf_low", "conf_high"]] = np.nan
    for term, row in by_term.iterrows():
        places = fit.terms[str(term)]
        if len(places) == 1:
            out.loc[fit.names[places[0]], "p_value"] = row["p_wild"]
        else:
            notes.append(f"{term}: p {row['p_wild']:.3f} for its {len(places)} coefficients.")
    notes = [text for text in notes if not text.startswith(("Variance: ", "Tests and limits: "))]
    notes.append(
        f"Wild cluster bootstrap of the score by {found.cluster} (G = {found.clusters}), "
        f"{found.weights}: p-values only."
    )
    for term, row in by_term.iterrows():
        if row["problem"]:
            words = labels[str(term)].words if term in labels else str(term)
            notes.append(f"{words}: {row['problem']}.")
    return out, notes


def _of_term(found: TermEstimate, ratios: bool, level: float, own: Mapping[str, str]) -> Column:
    ratio = found.fit.family.ratio if ratios else ""
    line = {name: getattr(found, name, np.nan) for name in _NUMBERS}
    numbers = pd.DataFrame([line], index=pd.Index([found.term], name="term"), dtype=float)
    numbers["statistic"] = numbers["estimate"] / numbers["std_error"]
    labels = term_labels(found.fit, own)
    return Column(
        numbers=_as_ratios(numbers, ()) if ratio else numbers,
        labels={found.term: labels.get(found.term, Label(own.get(found.term, found.term)))},
        scale=found.fit.family.scale,
        ratio=ratio,
        facts={"events": str(found.events), "rows": str(found.rows),
               "members": str(found.members), "clusters": str(found.clusters)},
        notes=(f"{found.method}.", *(f"{text}." for text in found.deviations)),
    )  # fmt: skip


def _of_frame(
    frame: pd.DataFrame, ratios: bool, own: Mapping[str, str], notes: tuple[str, ...]
) -> Column:
    lacking = [name for name in ("term", "estimate") if name not in frame.columns]
    if lacking:
        raise DataError(
            "fits must be fits, a list or a dict of them; a frame among them needs term and "
            "estimate, as Fit.tidy() gives them (std_error, p_value, conf_low, conf_high where "
            f"known), or is what inference.combine() gives; it lacks {first_few(lacking)}"
        )
    twice = frame.loc[frame["term"].duplicated(), "term"]
    if len(twice):
        raise DataError(f"a frame has one row per term; twice: {first_few(twice)}")
    numbers = frame.set_index(frame["term"].astype(str)).reindex(columns=_NUMBERS).astype(float)
    return Column(
        numbers=_as_ratios(numbers, ()) if ratios else numbers,
        labels={name: Label(own.get(name, name)) for name in numbers.index},
        scale="estimate",
        ratio="exponential of the estimate" if ratios else "",
        notes=notes,
    )


def _as_ratios(numbers: pd.DataFrame, baseline: Sequence[str]) -> pd.DataFrame:
    """Exponentials of estimates and limits; terms of the baseline keep theirs."""
    out = numbers.copy()
    own = ~out.index.isin(list(baseline))
    with np.errstate(over="ignore"):
        for name in ("estimate", "conf_low", "conf_high"):
            out.loc[own, name] = np.exp(out.loc[own, name])
    return out


def _facts(fit: Fit) -> dict[str, str]:
    counts, choices = fit.counts, fit.choices
    by = " and ".join(choices.cluster)
    clustered = choices.variance in ("cluster", "jackknife")
    kind = VARIANCES[choices.variance]
    if choices.penalty and choices.variance == "model":
        kind = "by profile likelihood"
    facts = {
        "events": str(counts.events),
        "rows": str(counts.rows),
        "members": "" if counts.members is None else str(counts.members),
        "clusters": str(min(counts.clusters)) if counts.clusters else "",
        "time_at_risk": f"{counts.time_at_risk:.6g}",
        "ties": choices.ties.capitalize(),
        "variance": f"{kind} by {by}" if clustered else kind,
    }
    return {name: text for name, text in facts.items() if text}
