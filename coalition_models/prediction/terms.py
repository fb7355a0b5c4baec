"""Does a term predict what was not seen: a model with it against the same without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import FormulaError, counted
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.sides import event_of, quoted, sides_of, terms_of
from coalition_models.models.specification import Specification
from coalition_models.prediction.folds import make_folds
from coalition_models.prediction.learners import Task
from coalition_models.prediction.scores import by_period, losses
from coalition_models.prediction.validation import complete_panel, out_of_sample
from coalition_models.render import Table, format_number, format_p

__all__ = ["TermPrediction", "predicts", "without_term"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class TermPrediction:
    """What a term adds to predictions of rows that were not learned from.

    Attributes
    ----------
    term : str
    gain : float
        Fall of the mean log loss by the term, in per cent of the loss without it; below 0 where
        it makes predictions worse, as a term without an effect does on average.
    std_error : float
        Of the gain, from its spread between groups.
    p_value : float
        Chance of so large a gain if each group's gain were as likely to be a loss (sign flips of
        whole groups). One-sided.
    table : DataFrame
        ``repeat, gain, auc_with, auc_without`` by division into folds.
    notes : tuple of str
    """

    term: str
    gain: float
    std_error: float
    p_value: float
    table: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The answer in a sentence."""
        sure = "predicts" if self.p_value < 0.05 and self.gain > 0 else "does not predict"
        return (
            f"{self.term} {sure} out of sample: log loss falls by {format_number(self.gain)}% "
            f"(std. error {format_number(self.std_error)}, p {format_p(self.p_value)})"
        )

    def to_table(self) -> Table:
        """Gains by division, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [
                str(int(row["repeat"])),
                *(format_number(float(row[n])) for n in self.table.columns[1:]),
            ]
            for row in self.table.to_dict("records")
        ]
        heads = ["division", "gain %", "AUC with", "AUC without"]
        return Table(heads, rows, self.words, list(self.notes))

    def __repr__(self) -> str:
        return f"<TermPrediction: {self.words}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def predicts(
    formula: str,
    panel: pd.DataFrame,
    term: str,
    *,
    model: str | Specification = "logit",
    groups: str = "state",
    forward: str | None = None,
    folds: int = 5,
    repeats: int = 5,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    seed: int = 0,
) -> TermPrediction:
    """Say whether a term of a formula predicts states (or times) that were not learned from.

    A term can be significant and useless for prediction, and the other way round (Ward, Greenhill
    and Bakke 2010). The model is fitted with and without the term on the same folds.

    Parameters
    ----------
    formula, panel, groups, forward, folds, start, stop, id
        As in :func:`prediction.cross_validate`.
    term : str
        As it stands in the formula.
    model : str or Specification
        One of the models of :func:`prediction.cross_validate`.
    repeats : int
        Divisions into folds, each with its own seed (one where ``forward`` is given).
    seed : int

    Returns
    -------
    TermPrediction

    Raises
    ------
    FormulaError
        A term that the formula does not have, that is its only one, or whose variable stands in
        another term as well.
    DataError, FitError
        As :func:`prediction.cross_validate`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.5, "size": 0.0}, seed=1)
    >>> found = cm.prediction.predicts("event ~ risk + size", panel, "risk", repeats=2)
    >>> found.gain > 0
    True
    """
    check_arguments(predicts, {k: v for k, v in locals().items() if k != "model"})
    repeats = check_count(repeats, "repeats", least=1)
    less = without_term(formula, term)
    member = names_of(id, "id") or None
    tasks = [Task(f, start, stop, member) for f in (formula, less)]
    needed = [groups, *([forward] if forward else [])]
    rows, dropped = complete_panel(tasks[0], panel, needed)
    response = event_of(formula)
    event, time = rows[response].to_numpy(float), rows[stop].to_numpy(float)
    turns, gains, records = 1 if forward else repeats, [], []
    for turn in range(turns):
        made = make_folds(
            rows, groups=groups, forward=forward, folds=folds, event=response, seed=seed + turn
        )
        judged = made.tested >= 0
        both = [out_of_sample(model, task, rows, made, seed)[judged] for task in tasks]
        loss = [losses(event[judged], chance)[0] for chance in both]
        whole = np.zeros(len(rows))
        whole[judged] = 100 * (loss[1] - loss[0]) / loss[1].mean() / judged.sum()
        gains.append(np.bincount(made.groups, weights=whole))
        records.append({"repeat": turn + 1, "gain": gains[-1].sum(),
                        **_orders(event[judged], both, time[judged])})  # fmt: skip
    own = np.mean(gains, axis=0)
    gain, error = float(own.sum()), float(np.sqrt(((own - own.mean()) ** 2).sum()))
    notes = [f"{made.words}; {counted(turns, 'division')}, seed {seed}."]
    if dropped:
        notes.append(f"{counted(dropped, 'row')} with missing values left out.")
    p_value = _flips(own, seed)
    return TermPrediction(term, gain, error, p_value, pd.DataFrame(records), tuple(notes))


def _orders(event: Floats, both: Sequence[Floats], time: Floats) -> dict[str, float]:
    """AUC of pairs within periods, with the term and without."""
    out = {}
    for name, chance in zip(("auc_with", "auc_without"), both, strict=True):
        found = by_period(event, chance, time)
        pairs = found["pairs"].to_numpy(float)
        some = pairs.sum() > 0
        out[name] = float(np.nansum(found["auc"] * pairs) / pairs.sum()) if some else float("nan")
    return out


def _flips(own: Floats, seed: int, draws: int = 9999) -> float:
    """Share of sign flips of groups that give as large a sum, the one found counted."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(draws, len(own)))
    total = own.sum()
    return float((1 + (signs @ own >= total - 1e-12 * np.abs(own).sum()).sum()) / (1 + draws))


def without_term(formula: str, term: str) -> str:
    """The formula without one of its terms.

    Examples
    --------
    >>> without_term("event ~ a + C(b, levels=['x', 'y']) + c", "C(b, levels=['x', 'y'])")
    'event ~ a + c'
    """
    response, right = sides_of(formula)
    terms = terms_of(right)
    wanted = {"".join(name.split()) for name in (term, quoted(term))}
    kept = [one for one in terms if "".join(one.split()) not in wanted]
    if len(kept) == len(terms):
        raise FormulaError(f"{formula!r} has no term {term!r}; it has {', '.join(terms)}")
    if not kept:
        raise FormulaError(
            f"{term!r} is the only term of {formula!r}: cross_validate() with models=['share', "
            "'logit'] says what it adds to none"
        )
    own = next(one for one in terms if one not in kept)
    variables = set(_words(own))
    shared = [one for one in kept if variables & set(_words(one))]
    if shared:
        raise FormulaError(
            f"{term!r} shares its variable with {', '.join(shared)}: without it alone the question "
            "would be another; put them in one term, or leave both out of the formula"
        )
    return f"{response.strip()} ~ {' + '.join(kept)}"


def _words(term: str) -> list[str]:
    """Names in a term, without those of functions."""
    import re

    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", term)
    return [
        found.group(1) or found.group(2)
        for found in re.finditer(
            r"`([^`]+)`|([A-Za-z_][A-Za-z_0-9.]*)(?!\s*\(|\s*=[^=]|[\w.])", bare
        )
    ]
