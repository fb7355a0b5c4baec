"""What a replication says, in sentences whose numbers are those of the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.errors import counted, first_few
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.render import format_number
from coalition_models.replications.comparison import Replication
from coalition_models.replications.matching import MATCHES, rounded_as
from coalition_models.replications.published import KEY
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["comment", "covariance_in_words", "curve_in_words"]

_LEVEL = 0.05
#: tables that are named one by one
_FEW = 5


def comment(result: Replication) -> list[str]:
    """Say how many numbers are met, whether signs hold, and why others differ.

    Examples
    --------
    >>> import coalition_models as cm
    >>> comment(cm.replicate("no-such-study"))
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: unknown study 'no-such-study': expected one of ...
    """
    return [
        f"{result.verdict}.",
        *_signs(result.table),
        *_reasons(result.table),
        *([f"Left out: {result.study.left_out}."] if result.study.left_out else []),
        *(f"The same: {text}" for text in result.study.same),
        *(f"Different: {text}" for text in result.study.differs),
        *_told(result.remarks),
    ]


def _told(remarks: Sequence[str]) -> list[str]:
    """What was told while fitting, without the models, since most say the same."""
    texts = list(dict.fromkeys(text.partition(": ")[2] for text in remarks))
    return [f"Told while fitting: {first_few(texts, 3)}."] if texts else []


def _signs(table: pd.DataFrame) -> list[str]:
    """Whether print and ours agree on what is told from nought, over coefficients with an error."""
    compared = table[(table["match"] != "") & np.isfinite(table["ours"])]
    ours = map(rounded_as, compared["printed"], compared["ours"])
    wide = compared.assign(ours=[float(text) for text in ours])
    wide = wide[wide["quantity"].isin(_PAIR)].set_index(KEY)
    wide = wide[["published", "ours"]].unstack()  # noqa: PD010
    needed = [(kind, what) for kind in ("published", "ours") for what in _PAIR]
    if not set(needed) <= set(wide.columns):
        return []
    both = wide[needed].astype(float)
    both = both.dropna()
    found = {}
    for kind in ("published", "ours"):
        value, error = (both[kind, what] for what in _PAIR)
        found[kind] = np.sign(value).where(value.abs() >= EDGE * error, 0)
    other = found["published"] != found["ours"]
    many = int((found["published"] != 0).sum())
    line = (
        f"{many} of {counted(len(both), 'printed coefficient')} with a standard error "
        f"{'is' if many == 1 else 'are'} told from nought at the five per cent level"
    )
    if not other.any():
        return [f"{line}, and the same ones, with the same signs, by ours."]
    names = first_few([", ".join(key) for key in both.index[other]])
    return [f"{line}; by ours it is otherwise for {names}."]


_PAIR = ("coefficient", "std_error")


def _reasons(table: pd.DataFrame) -> list[str]:
    wrong = table[table["match"].isin(MATCHES[1:])]
    lines = []
    for note in dict.fromkeys(map(str, wrong["note"])):
        part = wrong[wrong["note"] == note]
        far = int((part["match"] == MATCHES[2]).sum())
        size = "by more than one in the last digit" if far else "by one in the last digit"
        some = f", {far} of them {size}" if 0 < far < len(part) else f" {size}"
        lines.append(
            f"{counted(len(part), 'number')} of {', '.join(dict.fromkeys(part['table']))} "
            f"{'differs' if len(part) == 1 else 'differ'}{some}: {note or 'no reason is listed'}."
        )
    return lines


def covariance_in_words(errors: pd.DataFrame) -> list[str]:
    """Say which covariance gives the standard errors, tables of the same one together.

    Parameters
    ----------
    errors : DataFrame
        As :func:`~coalition_models.replications.variances.printed_se` gives it.

    Examples
    --------
    >>> errors = pd.DataFrame({"table": "Table 1", "variance": ["model", "robust by row"],
    ...                        "numbers": 9, "exact": [9, 2]})
    >>> covariance_in_words(errors)
    ['Table 1: model gives 9 of 9 printed standard errors exactly; robust by row 2.']
    """
    gives: dict[str, list[str]] = {}
    for table in dict.fromkeys(map(str, errors["table"])):
        part = errors[errors["table"] == table].reset_index(drop=True)
        gives.setdefault(str(part["variance"][part["exact"].argmax()]), []).append(table)
    lines = []
    for best, tables in gives.items():
        sums = {kind: [0, 0] for kind in errors["variance"]}
        for row in errors[errors["table"].isin(tables)].to_dict("records"):
            sums[row["variance"]][0] += int(row["exact"])
            sums[row["variance"]][1] += int(row["numbers"])
        exact, numbers = sums.pop(best)
        others = "".join(f"; {kind} {count}" for kind, (count, _) in sums.items())
        lines.append(
            f"{_named(tables)}: {best} gives {exact} of {numbers} printed standard errors "
            f"exactly{others}."
        )
    return lines


def curve_in_words(curve: SpecCurve) -> str:
    """Say how many specifications of a curve agree.

    Examples
    --------
    >>> table = pd.DataFrame({"ties": ["breslow", "efron"], "estimate": [0.5, 0.7],
    ...                       "p_value": [0.2, 0.04], "scale": "hazard ratio"})
    >>> said = curve_in_words(SpecCurve("election", table, ("ties",), table, None, "hazard ratio"))
    >>> said.partition(": ")[2].partition("; ")[0]
    'the estimate of election goes from 0.500 to 0.700, 2 above nought'
    >>> said.partition("; ")[2]
    '1 of them is told from nought at the five per cent level.'
    """
    known = curve.alike.dropna(subset=["estimate"])
    scales = curve.table["scale"].dropna()
    apart = int((scales != curve.scale).sum())
    lost = len(curve.table) - len(known) - apart
    if known.empty:
        low, high = (format_number(float(curve.z_alike.agg(end))) for end in ("min", "max"))
        return (
            f"Between theirs and ours are {counted(len(curve.table), 'specification')} "
            f"({', '.join(curve.dimensions)}): none has a finite estimate of {curve.term}; the "
            f"score z where it has no effect goes from {low} to {high}."
        )
    told, above = int((known["p_value"] < _LEVEL).sum()), int((known["estimate"] > 0).sum())
    low, high = (format_number(float(known["estimate"].agg(end))) for end in ("min", "max"))
    return (
        f"Between theirs and ours are {counted(len(curve.table), 'specification')} "
        f"({', '.join(curve.dimensions)}): the estimate of {curve.term} goes from {low} to {high}, "
        f"{above} above nought; {told} of them {'is' if told == 1 else 'are'} told from nought at "
        f"the five per cent level{f'; {lost} have no estimate' if lost else ''}"
        f"{f'; {apart} on another scale are not counted' if apart else ''}."
    )


def _named(tables: list[str]) -> str:
    if len(tables) <= _FEW:
        return ", ".join(tables)
    return f"{len(tables)} tables from {tables[0]} to {tables[-1]}"
