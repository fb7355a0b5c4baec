"""Choices that lie between an article's specification and this package's."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve import SpecCurve, spec_curve

__all__ = ["curve_between"]


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
    event = spec.formula.partition("~")[0].strip()
    dimensions = []
    if terms:
        dimensions.append(
            Dimension("coding", {one: lambda s, one=one: s.assign(term=one) for one in terms})
        )

    def formula(setting: Setting, others: str) -> Setting:
        shown = str(setting["term"]) if terms else term
        right = f"{shown} + {others}" if others else shown
        return setting.respecify(formula=f"{event} ~ {right}")

    if controls:
        dimensions.append(
            Dimension(
                "controls",
                {
                    name: lambda s, right=right: formula(s, right)
                    for name, right in controls.items()
                },
            )
        )
    options: dict[str, tuple[str, ...]] = {}
    if ties:
        options["ties"] = ("breslow", "efron")
    if clusters:
        options["cluster"] = clusters
    for name, values in options.items():
        dimensions.append(
            Dimension(
                name,
                {
                    value: lambda s, name=name, value=value: s.respecify(**{name: value})
                    for value in values
                },
            )
        )
    return spec_curve(spec, term, dimensions, panel=rows)
