"""The model of an analysis, fitted."""

from __future__ import annotations

from coalition_models.analyses.material import material_of
from coalition_models.analyses.reading import Analysis
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit

__all__ = ["fit_analysis"]


def fit_analysis(analysis: Analysis) -> Fit:
    r"""Fit the model of an analysis to its rows.

    Raises
    ------
    DataError, FormulaError, FitError
        With the line of the file that it is due to.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from coalition_models.analyses import read_analysis
    >>> text = 'data.set = "iraq"\nmodel = {family = "cox", formula = "event ~ election_near"}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.toml")
    ...     _ = path.write_text(text)
    ...     fit_analysis(read_analysis(path)).counts.events
    21
    """
    material = material_of(analysis)
    with analysis.told_at("model"):
        return fit(analysis.spec, material.panel)
