"""Whether what the authors say holds on our data: sign and significance."""

from __future__ import annotations

import pandas as pd

from coalition_models.replications.study import Claim, Study

__all__ = ["check_claims", "claims_in_words"]

_COLUMNS = ["claim", "model", "term", "expected", "ours", "p_value", "sign_holds", "holds"]
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
        A row per claim: ``claim, model, term, expected`` (+, -, 0), ``ours, p_value``,
        ``sign_holds`` (of the estimate; missing where no effect is expected), ``holds`` (at the
        five per cent level too where there is a p-value; for an expected 0: not told from it).
        Missing where ours is.

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
    ours = _number(claim, table, claim.quantity)
    p = _number(claim, table, "p_value") if claim.quantity == "coefficient" else float("nan")
    sign: object = pd.NA
    holds: object = pd.NA
    if ours == ours:
        sign = pd.NA if claim.sign == "0" else _has_sign(ours - claim.benchmark, claim.sign)
        holds = (p != p or p >= _LEVEL) if claim.sign == "0" else bool(sign) and not p >= _LEVEL
    return claim.text, claim.model, claim.term, claim.sign, ours, p, sign, holds


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
    """Claims that hold, as a verdict says it.

    Examples
    --------
    >>> held = pd.DataFrame({"expected": ["+", "0"], "sign_holds": [True, pd.NA],
    ...                      "holds": [False, True]})
    >>> claims_in_words(held)
    '1 of 2 claims holds; of 1 with a sign 1 has it'
    """
    signed = found[found["expected"] != "0"]
    right = int(signed["sign_holds"].astype("boolean").fillna(False).sum())
    held = int(found["holds"].astype("boolean").fillna(False).sum())
    verb = "holds" if held == 1 else "hold"
    text = f"{held} of {len(found)} claims {verb}"
    return text + (
        f"; of {len(signed)} with a sign {right} {'has' if right == 1 else 'have'} it"
        if len(signed)
        else ""
    )
