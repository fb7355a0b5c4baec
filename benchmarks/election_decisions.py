"""Elections and exits from Iraq: dates, windows and sides crossed, on both revisions of the facts.

    python benchmarks/election_decisions.py > benchmarks/election_decisions.md

Every specification is a Cox model with one term and the jackknife by state; all others of the
standard choices stay at their first option. Whole calendars are permuted among the states whose
elections are known throughout.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

import coalition_models as cm
from coalition_models.sensitivity import (
    Exchange,
    SpecCurve,
    StandardChoices,
    complete_histories,
    dimensions,
    spec_curve,
)
from coalition_models.sensitivity.standard_choices import TERM

WINDOWS = (1, 2, 3, 4, 5, 6)
DRAWS = 999
CROSSED = ("exit_date", "window", "estimator")


def choices(revision: int) -> StandardChoices:
    """Dates by windows by sides; everything else at its first option."""
    every = dimensions(cm.facts("iraq", revision=revision), windows=WINDOWS)
    fixed = [one.name for one in every if one.name not in CROSSED]
    return every.without(*fixed, "estimator")


def curve(chosen: StandardChoices) -> SpecCurve:
    """All specifications with their joint test."""
    first = chosen.base
    for one in chosen:
        first = one.options_in_order[0].choose(first)
    exchange = Exchange(groups=complete_histories(first["histories"]))
    return spec_curve(chosen.spec, TERM, chosen, base=chosen.base, exchange=exchange, draws=DRAWS)


def lines(found: SpecCurve) -> list[str]:
    """Rows of a Markdown table."""
    table = found.table
    out = ["| date | election within | hazard ratio | p (CR3) | z by cluster | exposed events |",
           "|:--|:--|--:|--:|--:|--:|"]  # fmt: skip
    for row in table.itertuples(index=False):
        ratio = "" if pd.isna(row.estimate) else f"{np.exp(row.estimate):.2f}"
        p_value = "" if pd.isna(row.p_value) else f"{row.p_value:.4f}"
        out.append(
            f"| {row.exit_date} | {row.window} | {ratio} | {p_value} | {row.z_by_cluster:.2f} "
            f"| {row.exposed_events:.0f} of {row.events:.0f} |"
        )
    return out


def main() -> None:
    """Print both revisions beside each other's choices."""
    warnings.simplefilter("ignore", cm.CoalitionWarning)
    print("# Elections and decisions to leave Iraq\n")
    print("Made by `election_decisions.py`. A ratio is missing where there is none, as where the")
    print(
        "jackknife meets a state without which the estimate is infinite; the score exists there.\n"
    )
    for revision in (1, 2):
        chosen = choices(revision)
        if revision == 1:
            print(chosen.to_table().markdown().rstrip() + "\n")
        found = curve(chosen)
        print(f"## Revision {revision}\n")
        print("\n".join(lines(found)) + "\n")
        assert found.joint is not None
        print(found.joint.to_table().markdown().rstrip() + "\n")


if __name__ == "__main__":
    main()
