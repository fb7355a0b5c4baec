"""Features made again with what is known at the end of each period."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.registry import builder_named
from coalition_models.record import made_of
from coalition_models.sources.codebook import codebook

__all__ = ["as_of_end"]

#: what a record tells of an argument in words -> the argument
_ARGUMENTS = {"next 1 January": "january"}


def as_of_end(panel: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """The panel with the terms' features made again, as of the end of each period.

    The builders are called with the choices that the panel's record has of them.

    Raises
    ------
    DataError
        If no ``add_*`` function is known to have made a term.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq")).pipe(cm.add_leadership)
    >>> cm.record_of(as_of_end(panel, ["leader_change"])).features["leader_change"]["as_of"]
    'end'
    """
    makers = codebook("features")["builder"]
    made = {name: made_of(panel, name) for name in terms}
    own = [name for name, choices in made.items() if choices is None or name not in makers.index]
    if own or not made:
        raise DataError(
            f"not known how {', '.join(own) or 'the terms'} would look as of the period's end: "
            "no add_* function made them"
        )
    out = panel
    done = set()
    for name, choices in made.items():
        if choices is None or makers[name] in done:
            continue
        done.add(makers[name])
        add = builder_named(str(makers[name])).function
        known = inspect.signature(add).parameters
        options = {k: _ARGUMENTS.get(str(v), v) for k, v in choices.items() if k in known}
        out = add(out, **{**options, "as_of": "end"})
    return out
