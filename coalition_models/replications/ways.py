"""Choices that lie between an article's specification and this package's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.models.sample.sides import quoted, sides_of
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve import spec_curve
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.kept import kept

__all__ = ["curve_between", "set_panel"]


def set_panel(name: str) -> pd.DataFrame:
    """The panel of a research set, made once for all studies that are recomputed together."""
    return kept(f"analysis set {name}", lambda: analysis_set(name).panel)


def curve_between(
    spec: Specification,
    term: str,
    rows: pd.DataFrame,
    *,
    ties: bool = False,
    clusters: tuple[str, ...] = (),
    controls: Mapping[str, str] | None = None,
    terms: tuple[str, ...] = (),
) -> SpecCurve:
    """Cross the choices in which an article and this package differ.

    Parameters
    ----------
    spec : Specification
        Theirs, clustered one way.
    term : str
        The term of the curve.
    rows : DataFrame
    ties : bool
        Breslow's and Efron's.
    clusters : tuple of str
        Columns.
    controls : mapping, optional
        What a set of controls is called -> the right side of its formula beside the term.
    terms : tuple of str
        Codings of the term, columns that stand for it in turn.

    Returns
    -------
    SpecCurve
        Firth's penalty is no choice here: its limits have no clustered form, and the score where
        the term has no effect is the same with it.
    """
    event = sides_of(spec.formula)[0].strip()
    dimensions = []
    if terms:
        dimensions.append(Dimension("coding", {one: partial(_code, one) for one in terms}))
    if controls:
        shown = {name: partial(_formula, event, term, right) for name, right in controls.items()}
        dimensions.append(Dimension("controls", shown))
    options: dict[str, tuple[str, ...]] = {"ties": ("breslow", "efron")} if ties else {}
    if clusters:
        options["cluster"] = clusters
    for name, values in options.items():
        dimensions.append(Dimension(name, {one: partial(_set, name, one) for one in values}))
    return spec_curve(spec, term, dimensions, panel=rows)


def _code(column: str, setting: Setting) -> Setting:
    return setting.assign(term=column)


def _formula(event: str, term: str, others: str, setting: Setting) -> Setting:
    shown = str(setting.values.get("term", term))
    shown = quoted(shown) if setting.panel is not None and shown in setting.panel.columns else shown
    return setting.respecify(formula=f"{event} ~ {shown}" + (f" + {others}" if others else ""))


def _set(name: str, value: str, setting: Setting) -> Setting:
    return setting.respecify(**{name: value})
