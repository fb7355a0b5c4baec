"""Whether what the authors say holds on our data: sign and significance."""

from __future__ import annotations

import pandas as pd

from coalition_models.errors import counted
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.replications.study import Claim, Study

__all__ = ["check_claims", "claims_explained", "claims_in_words"]

_COLUMNS = [
    "claim", "model", "term", "expected", "benchmark", "ours", "conf_low", "conf_high", "p_value",
    "sign_holds", "holds",
]  # fmt: skip
#: what counts as told from the benchmark
_LEVEL = 0.05


def check_claims(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Hold the authors' claims against our numbers.

    Parameters
    ----------
    study : Study
    table : DataFrame
        Of its :class:`~coalition_models.replications.comparison.Replication`.

    Returns
    -------
    DataFrame
        A row per claim: ``claim, model, term, expected`` (+, -, 0, of the ``benchmark``), ``ours``,
        ``conf_low, conf_high`` (the normal's 95 % limits), ``p_value``, ``sign_holds`` (of a
        coefficient; missing where no effect is expected), ``holds`` (at the five per cent level
        too where there is a p-value; for an expected 0: not told from it). Missing where ours is,
        and for an expected 0 without a p-value.

    Examples
    --------
    >>> from coalition_models.replications.registry import study_named
    >>> len(check_claims(study_named("martin-1992"), pd.DataFrame()))
    0
    """
    rows = [_row(claim, table) for claim in study.claims]
    kinds = {"sign_holds": "boolean", "holds": "boolean"}
    return pd.DataFrame(rows, columns=_COLUMNS).astype(kinds)


def _row(claim: Claim, table: pd.DataFrame) -> tuple[object, ...]:
    ours, coefficient = _number(claim, table, claim.quantity), claim.quantity == "coefficient"
    p, half = float("nan"), float("nan")
    if coefficient:
        p = _number(claim, table, "p_value")
        half = EDGE * _number(claim, table, "std_error")
    sign: object = pd.NA
    holds: object = pd.NA
    if ours == ours and claim.sign != "0":
        right = _has_sign(ours - claim.benchmark, claim.sign)
        sign, holds = right if coefficient else pd.NA, right and not p >= _LEVEL
    elif p == p:
        holds = p >= _LEVEL
    return (
        claim.text, claim.model, claim.term, claim.sign, claim.benchmark, ours, ours - half,
        ours + half, p, sign, holds,
    )  # fmt: skip


def _has_sign(value: float, sign: str) -> bool:
    return value > 0 if sign == "+" else value < 0


def _number(claim: Claim, table: pd.DataFrame, quantity: str) -> float:
    found = table[
        (table["table"] == claim.table)
        & (table["model"] == claim.model)
        & (table["term"] == claim.term)
        & (table["quantity"] == quantity)
    ]["ours"]
    return float(found.iloc[0]) if len(found) else float("nan")


def claims_in_words(found: pd.DataFrame) -> str:
    """Claims that hold, as a verdict says it: those of an effect, and those of none.

    Examples
    --------
    >>> held = pd.DataFrame({"expected": ["+", "0"], "sign_holds": [True, pd.NA],
    ...                      "holds": [False, True]})
    >>> claims_in_words(held)
    '0 of 1 claim of an effect holds (1 with its sign); 1 of 1 claim of none is not contradicted'
    """
    none = found["expected"] == "0"
    parts = []
    if (~none).any():
        held, many = _held(found[~none])
        verb = "holds" if max(held, many) == 1 else "hold"
        signed = found.loc[~none, "sign_holds"].astype("boolean").dropna()
        sign = f" ({int(signed.sum())} with {'its' if many == 1 else 'the'} sign)"
        parts.append(f"{held} of {counted(many, 'claim')} of an effect {verb}")
        parts[-1] += sign if len(signed) else ""
    if none.any():
        held, many = _held(found[none])
        verb = "is" if held == 1 else "are"
        parts.append(f"{held} of {counted(many, 'claim')} of none {verb} not contradicted")
    return "; ".join(parts)


def _held(found: pd.DataFrame) -> tuple[int, int]:
    return int(found["holds"].astype("boolean").fillna(False).sum()), len(found)


def claims_explained(found: pd.DataFrame) -> list[str]:
    """What it means that a claim holds, for the kinds of claims there are.

    Examples
    --------
    >>> claims_explained(pd.DataFrame({"expected": ["0"], "benchmark": [0.0]}))
    ['No effect is not contradicted where p is at least .05; the limits say how large it may be.']
    """
    none, fixed = found["expected"] == "0", found["benchmark"] != 0
    lines = []
    if (~none & ~fixed).any():
        lines.append("An effect holds where its sign is the expected one and p is below .05.")
    if none.any():
        lines.append(
            "No effect is not contradicted where p is at least .05; the limits say how large it "
            "may be."
        )
    if fixed.any():
        lines.append("What is held against a benchmark has no p and no sign.")
    return lines
