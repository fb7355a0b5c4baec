"""Tables of the claims: as registered, and together over data sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.render import Table, format_number, format_p

__all__ = ["claims_table", "meta_table"]


def claims_table(claims: pd.DataFrame) -> Table:
    """What was registered of each claim."""
    rows = [
        [
            str(row["id"]), str(row["claim"]), str(row["articles"]), str(row["made_for"]),
            str(row["finding"]), str(row["seen"]), f"{row['term']} {row['sign']}".strip(),
            str(row["proxy"]),
        ]
        for row in claims.to_dict("records")
    ]  # fmt: skip
    header = [
        "id", "claim", "article", "made for", "published finding", "what was seen of it",
        "term and sign", "a proxy, since",
    ]  # fmt: skip
    return Table(header, rows, "The claims as registered", align="l" * len(header))


def meta_table(verdicts: Verdicts) -> Table:
    """Claims that were tested on several sets, combined."""
    names = verdicts.table.drop_duplicates("claim").set_index("claim")["name"]

    def combined(row: pd.Series, kind: str) -> list[str]:
        with np.errstate(over="ignore"):
            ratio = format_ratio(float(np.exp(row[kind])))
        return [f"{ratio} {_limits(row, kind)}", format_p(float(row[f"{kind}_p"]))]

    rows = [
        [
            str(row["claim"]),
            str(names[row["claim"]]),
            str(row["data_sets"]),
            *combined(row, "fixed"),
            *combined(row, "random"),
            _limits(row, "prediction"),
            format_number(100 * float(row["i_squared"]), 0) + "%",
            format_p(float(row["heterogeneity_p"])),
            str(row["shared"]),
        ]
        for _, row in verdicts.meta.iterrows()
    ]
    header = [
        "claim", "", "data sets", "fixed", "p", "random", "p", "prediction", "I-squared", "p of Q",
        "states in common",
    ]  # fmt: skip
    notes = (
        "Ratios per step: from 0 to 1 of a term of two values, else per standard deviation of the "
        "term in its data set. Fixed: weights by the inverse variance; random: DerSimonian "
        "and Laird's variance between the sets, limits and p of Hartung and Knapp with t of one "
        "degree less than sets, never narrower than normal ones. Prediction: where the effect of "
        "another set would lie, from three sets on. Left out: tests that could not decide "
        "whatever their p, and sets whose exits are another set's in another form. Sets with "
        "states in common are not independent, so the intervals are a little too short.",
    )
    return Table(header, rows, "Claims tested on two data sets or more", notes, "lllrrrrrrrl")


def _limits(row: pd.Series, kind: str) -> str:
    with np.errstate(over="ignore"):
        ends = [float(np.exp(row[f"{kind}_{end}"])) for end in ("low", "high")]
    return "" if np.isnan(ends).any() else f"[{', '.join(map(format_ratio, ends))}]"
