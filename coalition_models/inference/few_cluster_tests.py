"""CR3 and the wild score test side by side, for every term of a fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError, first_few
from coalition_models.inference.wild_test import SEED, WildScore, wild_score
from coalition_models.kernels.wild import DRAWS
from coalition_models.models.display import Background
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sharing import room_for
from coalition_models.render import Table, format_number, format_p

__all__ = ["FewClusters", "few_clusters", "jackknifed"]


@dataclass(frozen=True, repr=False)
class FewClusters:
    """Two tests of every term that hold with few clusters.

    Attributes
    ----------
    table : DataFrame
        ``term, df, estimate`` (of a single coefficient), ``p_jackknife`` (CR3 with t or F of G-1
        degrees), ``p_wild`` (of :func:`wild_score`, the larger of two), ``statistic,
        clusters_with_score, largest, largest_share``, of a term of two values ``exposed_events,
        exposed_clusters, unexposed_events, unexposed_clusters``, and ``problem`` (why a test is
        missing or not to be trusted).
    cluster : str
    clusters : int
    weights : str
        Of the wild bootstrap.
    formula : str
    """

    table: pd.DataFrame
    cluster: str
    clusters: int
    weights: str
    formula: str

    def to_frame(self) -> pd.DataFrame:
        """The table, to change as one likes."""
        return self.table.copy()

    def to_table(self) -> Table:
        """The tests, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [
                str(row["term"]), format_number(row["estimate"]), format_p(row["p_jackknife"]),
                format_p(row["p_wild"]), format_number(row["clusters_with_score"], 0),
                f"{row['largest_share']:.0%} ({row['largest']})" if row["largest"] else "",
                _sides(row["exposed_events"], row["exposed_clusters"]),
                _sides(row["unexposed_events"], row["unexposed_clusters"]),
            ]
            for row in self.table.to_dict("records")
        ]  # fmt: skip
        header = [
            "term", "coef", "p, CR3", "p, wild", "with a score", "largest share",
            "exposed", "unexposed",
        ]  # fmt: skip
        problems = [f"{t}: {p}." for t, p in self.table[["term", "problem"]].to_numpy() if p]
        notes = (
            f"{self.clusters} clusters ({self.cluster}). CR3: t({self.clusters - 1}). "
            f"Wild: scores under the null, {self.weights}; not below Rao's test. With a score: "
            "clusters that say anything on the term; largest share: of the squared scores. "
            "Exposed: events of a term of two values, and clusters that hold them.",
            *problems,
        )
        return Table(header, rows, f"Few clusters: {self.formula}", notes, align="lrrrrlll")

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def few_clusters(
    fit: Fit, *, cluster: str | None = None, draws: int = DRAWS, seed: int = SEED
) -> FewClusters:
    """Test every term of a fit by CR3 and by the wild score bootstrap.

    Parameters
    ----------
    fit : Fit
    cluster : str, optional
        The fit's own by default; one of them where it has two.
    draws, seed : int
        As in :func:`wild_score`.

    Returns
    -------
    FewClusters
        A test that cannot be made is missing, and ``problem`` says why.

    Raises
    ------
    DataError
        A fit without clusters, or with two sets of them and none chosen.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, hazard=0.03, coefficients={"risk": 0.8}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel, cluster="state", variance="jackknife")
    >>> cm.inference.few_clusters(fit).table[["term", "clusters_with_score"]].values.tolist()
    [['risk', 30]]
    """
    check_arguments(few_clusters, locals())
    require(fit, "null_scores", "few_clusters()")
    own = fit.choices.cluster
    if cluster is None and len(own) != 1:
        raise DataError(
            f"few_clusters() needs one set of clusters, and the fit has "
            f"{first_few(own) or 'none'}: give cluster=, a column that it knows"
        )
    by = own[0] if cluster is None else cluster
    if by not in fit.engine.sample.carried:
        raise DataError(
            f"the fit does not know the column {by!r}; it knows "
            f"{first_few(fit.engine.sample.carried)}"
        )
    again, trouble = jackknifed(fit, by, pd.Series(fit.engine.sample.carried[by]))
    terms = [name for name in fit.terms if not set(fit.terms[name]) & _baseline(fit)]
    rows, last = [], None
    for term in terms:
        line, wild = _line(fit, again, term, by, draws, seed)
        said = [str(p) for p in (trouble, line["problem"]) if p]
        rows.append({**line, "problem": "; ".join(said)})
        last = wild or last
    codes = pd.Series(fit.engine.sample.carried[by]).nunique() if last is None else last.clusters
    return FewClusters(
        pd.DataFrame(rows, columns=_COLUMNS), by, codes, last.weights if last else "none",
        fit.formula,
    )  # fmt: skip


_COLUMNS = [
    "term", "df", "estimate", "p_jackknife", "p_wild", "statistic", "clusters_with_score",
    "largest", "largest_share", "exposed_events", "exposed_clusters", "unexposed_events",
    "unexposed_clusters", "problem",
]  # fmt: skip


def _baseline(fit: Fit) -> set[int]:
    return {fit.names.index(name) for name in fit.baseline_terms}


def _sides(events: float, clusters: float) -> str:
    return "" if np.isnan(events) else f"{events:.0f} in {clusters:.0f}"


def jackknifed(fit: Fit, name: str, clusters: pd.Series) -> tuple[Fit | None, str]:
    """The fit with CR3 by these clusters of its rows, without penalty; or why there is none."""
    if fit.choices.variance == "jackknife" and fit.choices.cluster == (name,):
        return fit, ""
    sample = fit.engine.sample
    codes, labels = pd.factorize(clusters.to_numpy())
    rows = replace(
        sample,
        clusters=(codes.astype(np.int64),),
        cluster_counts=(len(labels),),
        carried={**sample.carried, name: clusters.to_numpy()},
    )
    spec = replace(
        fit.spec, cluster=name, variance="jackknife", penalty=None, prior=None, small_sample=None
    )
    try:
        return room_for(spec).estimate(spec, rows, Background(rows.frame("", "stop"))), ""
    except FitError as error:
        return None, f"no CR3: {str(error).partition(';')[0]}"


def _line(
    fit: Fit, again: Fit | None, term: str, by: str, draws: int, seed: int
) -> tuple[dict[str, object], WildScore | None]:
    places = fit.terms[term]
    line: dict[str, object] = {
        **dict.fromkeys(_COLUMNS, np.nan),
        "term": term,
        "df": len(places),
        "estimate": fit.coefficients[places[0]] if len(places) == 1 else np.nan,
        "largest": "",
        "problem": "",
    }
    if again is not None:
        tests = again.test_terms()
        line["p_jackknife"] = float(tests.loc[tests["term"] == term, "p_value"].iloc[0])
    try:
        wild = wild_score(fit, term, cluster=by, draws=draws, seed=seed)
    except FitError as error:
        return {**line, "problem": f"no wild test: {error}"}, None
    line |= {
        "p_wild": wild.p_value,
        "statistic": wild.statistic,
        "clusters_with_score": wild.clusters_with_score,
        "largest": wild.largest,
        "largest_share": wild.largest_share,
    }
    if wild.exposure is not None:
        line |= vars(wild.exposure)
        if wild.caution:
            line["problem"] = f"p is not to be trusted with {wild.caution}"
    return line, wild
