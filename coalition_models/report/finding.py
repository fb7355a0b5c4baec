"""All parts of a sensitivity analysis for one finding: a paragraph, a table, a page."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from coalition_models.about import __version__
from coalition_models.arguments import check_arguments, check_draws, listed
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import DataError
from coalition_models.files import write_file
from coalition_models.members.facts import Facts
from coalition_models.models.fit import Fit
from coalition_models.models.specification import Specification
from coalition_models.render import Table
from coalition_models.report.figures.style import svg_text
from coalition_models.report.finding_page import finding_page, finding_product
from coalition_models.report.html import page
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.finding import Crossing, Finding, finding_of
from coalition_models.sensitivity.finding_part import How, Looked
from coalition_models.sensitivity.finding_parts import look_at
from coalition_models.sensitivity.finding_told import finding_summary, finding_table, finding_turns
from coalition_models.sensitivity.histories import Exchange

__all__ = ["SensitivityReport", "sensitivity_report"]


@dataclass(frozen=True, repr=False)
class SensitivityReport:
    """One finding after everything that it could depend on.

    Attributes
    ----------
    finding : Finding
        ``spec, term, panel, facts`` and how these are made anew.
    looked : mapping
        Part -> its ``result``, as its own function gives it; or ``why`` there is none.
    how : How
        Draws, seed, and further arguments of single parts.
    """

    finding: Finding
    looked: Mapping[str, Looked]
    how: How

    @property
    def results(self) -> dict[str, Any]:
        """Part -> its result, of those that have one."""
        return {name: one.result for name, one in self.looked.items() if one.result is not None}

    @property
    def absent(self) -> dict[str, str]:
        """Part -> why there is no result."""
        return {name: one.why for name, one in self.looked.items() if one.result is None}

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """All numbers: ``<part>`` and ``<part>_<what>``, as the command line writes them."""
        return {
            f"{name}{'_' if what else ''}{what}": frame
            for name, one in self.looked.items()
            if one.result is not None
            for what, frame in one.part.frames(one.result).items()
        }

    @property
    def summary(self) -> str:
        """One paragraph made from the numbers."""
        return finding_summary(self.finding, self.looked)

    @property
    def turns(self) -> str:
        """What turns its sign or significance, and which parts do not: the summary's end."""
        return finding_turns(self.finding, self.looked)

    def to_table(self) -> Table:
        """A line per part: what it says, what turns the finding there, or why it is not there."""
        return finding_table(self.finding, self.looked)

    def html(self, path: str | Path | None = None) -> str:
        """The page, with its pictures inside; written to ``path`` where one is given."""
        made = finding_page(self.finding, self.looked, self.how, self.to_table())
        text = page(
            made.title, made.lead, made.sections,
            f"Made by coalition_models {__version__}; seed {self.how.seed}.", wide=made.wide,
        )  # fmt: skip
        if path is not None:
            write_file(Path(path), text)
        return text

    def __repr__(self) -> str:
        return f"{self.summary}\n\n{self.to_table().text()}"

    def _repr_html_(self) -> str:
        pictures = finding_product(self.looked).figures.values()
        shown = "".join(f"<figure>{svg_text(plot)}</figure>" for plot in pictures)
        return f"<p>{html.escape(self.summary)}</p>{self.to_table().html()}{shown}"


def sensitivity_report(
    data: str | AnalysisSet | Facts | Fit | Specification,
    term: str,
    *,
    spec: Specification | None = None,
    panel: pd.DataFrame | None = None,
    facts: Facts | None = None,
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    options: Mapping[str, object] | None = None,
    dimensions: Sequence[Dimension] | None = None,
    base: Setting | None = None,
    exchange: Exchange | None = None,
    make: Callable[[pd.DataFrame, int], pd.DataFrame] | None = None,
    parts: Sequence[str] | None = None,
    more: Mapping[str, Mapping[str, object]] | None = None,
    draws: int = 200,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> SensitivityReport:
    """Put one finding to everything that it could depend on: one paragraph, one page.

    Choices of the analyst with a joint test, members and events that carry it, other samples,
    dates and codings within what is known of them, unmeasured causes, calendars drawn anew,
    placebo tests, gaps, form and clock, times of measurement, and which facts to check. A part
    that does not apply, or cannot be estimated, stands with the reason.

    Parameters
    ----------
    data : str, AnalysisSet, Facts, Fit or Specification
        A ready set or facts, which are rebuilt; or a model, with ``panel=``.
    term : str
        A coefficient.
    spec : Specification, optional
        The model on a set; the term alone by default, as the set's record says.
    panel : DataFrame, optional
        Rows of a fit or specification.
    facts, features, options : optional
        What such a panel is rebuilt from, see ``date_uncertainty``; by default what it remembers.
        That they give the panel is tried.
    dimensions, base, exchange : optional
        Of ``spec_curve``, in place of the package's own choices within two of the first.
    make : callable, optional
        Of ``reverse_timing``.
    parts : sequence of str, optional
        Which parts, by the names in the table; all by default.
    more : mapping, optional
        Part -> further arguments of its function: ``{"dates": {"draws": 20, "whose": False}}``.
    draws, seed : int
        Of samples, calendars, dates, codings and the joint test. Worlds of dates and codings are
        built from their facts, some 50 milliseconds each.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Folder in which every long part keeps what it has, ``<part>.jsonl``; the same call goes on
        where an interrupted one was.
    progress : bool
        Show, for each long part, how far it is.

    Returns
    -------
    SensitivityReport

    Raises
    ------
    DataError
        A fit without its panel, facts that do not give it, a model without one set of clusters, an
        unknown part.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, hazard=0.03, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> found = cm.sensitivity.sensitivity_report(
    ...     spec, "risk", panel=panel, parts=["leave_out", "e_value", "dates"])
    >>> list(found.results), list(found.absent)
    (['leave_out', 'e_value'], ['dates'])
    """
    check_arguments(sensitivity_report, locals())
    check_draws(draws, least=2)
    finding = finding_of(
        data, term, spec=spec, panel=panel, facts=facts, features=features, options=options
    )
    if dimensions is None and (base is not None or exchange is not None):
        raise DataError("base= and exchange= go with dimensions=")
    if dimensions is not None:
        start = base or Setting(panel=finding.panel, spec=finding.spec)
        named = str(start.values.get("term", term))
        finding = replace(finding, crossing=Crossing(tuple(dimensions), start, named, exchange))
    if make is not None:
        finding = replace(finding, make=make)
    how = How(draws, seed, workers, None if keep is None else Path(keep), progress, more or {})
    found = {
        one.part.name: one
        for one in look_at(finding, how, None if parts is None else listed(parts))
    }
    return SensitivityReport(finding, found, how)
