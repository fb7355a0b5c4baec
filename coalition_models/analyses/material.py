"""The rows that an analysis is of: from a ready set, a folder of facts, or a file of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pandas as pd

from coalition_models.analyses.reading import Analysis
from coalition_models.analyses.rows_file import read_rows
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.errors import DataError
from coalition_models.features.registry import builder_named, registered
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel
from coalition_models.sources.codebook import feature_builders

__all__ = ["Material", "material_of"]

_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, eq=False)
class Material:
    """Rows, and what they can be built from again.

    Attributes
    ----------
    panel : DataFrame
    facts : Facts or None
        None where the rows are all there is.
    builders : tuple of str
        Features that are added to a panel of the facts, in order.
    options : mapping
        Of :func:`build_panel`.
    """

    panel: pd.DataFrame
    facts: Facts | None = None
    builders: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)

    def build(self, options: Mapping[str, object]) -> pd.DataFrame:
        """Build the panel with other options."""
        assert self.facts is not None
        return _built(self.facts, self.builders, {**self.options, **options})

    @property
    def features(self) -> partial[pd.DataFrame]:
        """From a panel to one with all features."""
        return partial(_with_features, names=self.builders)


def material_of(analysis: Analysis) -> Material:
    """Read or build the rows of an analysis.

    Raises
    ------
    DataError
        With the line of the file: an unknown set or builder, a folder or file that cannot be read,
        options that the facts cannot follow.
    """
    data = analysis.data
    if "panel" in data:
        with analysis.told_at("data", "panel"):
            return Material(read_rows(analysis.folder / data["panel"]))
    facts, panel = _facts(analysis)
    if facts is None:
        if "build" in data:
            raise analysis.document.refusal(
                ("data", "build"), f"the set {data['set']!r} is made of rows and cannot be rebuilt"
            )
        return Material(cast("pd.DataFrame", panel))
    options = dict(data.get("build", {}))
    names = _builders(analysis, facts)
    with analysis.told_at("data", "build" if "build" in data else "set"):
        bare = build_panel(facts, **cast("dict[str, Any]", options))
    with analysis.told_at("data", "features" if "features" in data else "set"):
        made = _with_features(bare, names)
    return Material(made, facts, names, options)


def _facts(analysis: Analysis) -> tuple[Facts | None, pd.DataFrame | None]:
    data = analysis.data
    if "folder" in data:
        with analysis.told_at("data", "folder"):
            return Facts.read(analysis.folder / data["folder"]), None
    options = {name: data[name] for name in ("variant", "revision") if name in data}
    with analysis.told_at("data"):
        found = analysis_set(data["set"], features=False, **options)
    if found.facts is not None:
        return found.facts, None
    with analysis.told_at("data"):
        return None, analysis_set(data["set"], **options).panel


def _builders(analysis: Analysis, facts: Facts) -> tuple[str, ...]:
    """Those that the file names, or those that make the columns that it uses."""
    given = analysis.data.get("features")
    if given is None:
        return _makers(_words(analysis))
    names = []
    for at, name in enumerate(given):
        whole = name if name.startswith("add_") else f"add_{name}"
        try:
            names.append(builder_named(whole).name)
        except DataError as error:
            raise analysis.document.refusal(("data", "features", at), str(error)) from error
    return tuple(names)


def _words(analysis: Analysis) -> list[str]:
    """Every name in the formula, the term and the controls."""
    sensitivity = analysis.sensitivity
    controls = sensitivity.get("dimensions", {}).get("controls", [])
    texts = [analysis.spec.formula, sensitivity.get("term", ""), *controls]
    return [word for text in texts for word in _WORD.findall(text)]


def _makers(words: Sequence[str]) -> tuple[str, ...]:
    known = registered()
    found = []
    for name, columns in feature_builders().items():
        if name in known and any(word in columns for word in words):
            found.append(name)
    # a column that two builders make is made by the first
    made: set[str] = set()
    kept = []
    for name in found:
        own = set(feature_builders()[name]) & set(words)
        if not own <= made:
            kept.append(name)
            made |= own
    return tuple(kept)


def _with_features(panel: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    for name in names:
        panel = builder_named(name).function(panel)
    return panel


def _built(facts: Facts, names: tuple[str, ...], options: Mapping[str, object]) -> pd.DataFrame:
    return _with_features(build_panel(facts, **cast("dict[str, Any]", dict(options))), names)
