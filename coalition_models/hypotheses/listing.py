"""Lists of the registered claims and of the amendments to the plan."""

from __future__ import annotations

import pandas as pd

from coalition_models.hypotheses.claims import read_plan
from coalition_models.hypotheses.columns import needed_columns
from coalition_models.hypotheses.data_sets import sets_of
from coalition_models.render import listing

__all__ = ["list_amendments", "list_claims"]


def list_claims() -> pd.DataFrame:
    """List the claims of the literature with their registered tests.

    Returns
    -------
    DataFrame
        Indexed by id: ``name, claim, mechanism, articles`` (references), ``made_for, finding,
        seen`` (how much of the articles was read), ``outcome, term, sign, controls, columns``
        (that the test reads), ``builders, data_sets, proxy, table`` (what a user must bring, if
        anything).

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.list_claims().loc["H02", ["term", "sign"]].tolist()
    ['leader_change', '+']
    """
    plan = read_plan()
    rows = []
    for claim in plan.claims:
        articles = [plan.articles[key] for key in claim.articles]
        builders = [plan.steps[name].builder for name in claim.steps]
        rows.append(
            {
                "id": claim.id,
                "name": claim.name,
                "claim": claim.claim,
                "mechanism": claim.mechanism,
                "articles": "; ".join(article.reference for article in articles),
                "made_for": claim.made_for,
                "finding": claim.finding,
                "seen": "; ".join(
                    article.seen
                    if len(articles) == 1
                    else f"{article.reference.split(',')[0]}: {article.seen}"
                    for article in articles
                ),
                "outcome": " or ".join(claim.outcome),
                "term": claim.term,
                "sign": claim.sign,
                "controls": ", ".join(claim.controls),
                "columns": ", ".join(needed_columns(claim)) if claim.term else "",
                "builders": ", ".join(dict.fromkeys(builders)),
                "data_sets": ", ".join(sets_of(claim)),
                "proxy": claim.proxy or "; ".join(dict.fromkeys(claim.proxy_on.values())),
                "table": f"{claim.table}: {claim.table_shape}" if claim.table else "",
            }
        )
    shown = ["claim", "outcome", "term", "sign", "data_sets"]
    return listing(pd.DataFrame(rows).set_index("id"), shown)


def list_amendments() -> pd.DataFrame:
    """List what was changed in the registered plan after it had been run once.

    Returns
    -------
    DataFrame
        ``date, claims`` (all where none is named), ``change, reason``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.list_amendments().columns.tolist()
    ['date', 'claims', 'change', 'reason']
    """
    rows = [
        {
            "date": amendment.date,
            "claims": ", ".join(amendment.claims) or "all",
            "change": amendment.change,
            "reason": amendment.reason,
        }
        for amendment in read_plan().amendments
    ]
    return listing(pd.DataFrame(rows, columns=["date", "claims", "change", "reason"]))
