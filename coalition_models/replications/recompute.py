"""Fit a study's models and lay their numbers beside the printed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pandas as pd

from coalition_models.errors import ReplicationError, first_few, gathered
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit
from coalition_models.models.specification import Specification
from coalition_models.progress import in_steps
from coalition_models.replications.comparison import Replication
from coalition_models.replications.matching import match_printed
from coalition_models.replications.numbers import MODEL, Estimated, Key, Result, numbers_of
from coalition_models.replications.published import KEY
from coalition_models.replications.study import Model, Rows, Study

__all__ = ["compare", "fit_model"]

_COLUMNS = [*KEY, "printed", "published", "ours", "digits", "match", "page", "note"]


def fit_model(model: Model, data: pd.DataFrame) -> Result:
    """Fit one model of a study to its source's table."""
    rows = model.rows(data)
    if isinstance(model.fit, Specification):
        return fit(model.fit, rows)
    return model.fit(rows, **model.options)


def compare(
    study: Study,
    printed: pd.DataFrame,
    data: Mapping[str, pd.DataFrame],
    missing: tuple[str, ...] = (),
) -> Replication:
    """Recompute a study and lay ours beside the printed numbers.

    Parameters
    ----------
    study : Study
    printed : DataFrame
        As :func:`~coalition_models.replications.published.read_published` gives it.
    data : mapping
        Source -> its table; models of other sources are not computed.
    missing : tuple of str
        What to tell of the sources that are not there.

    Returns
    -------
    Replication

    Raises
    ------
    ReplicationError
        If the models do not give a number that was printed, or a deviation has no reason.
    """
    _refuse_strays(study, printed)
    frames, remarks, absent = [], [], []
    made: dict[tuple[str, Rows], pd.DataFrame] = {}
    for model in in_steps(study.models, f"refit {study.name}", unit="model"):
        part = _part(printed, model)
        source = study.source_of(model)
        ours: dict[Key, float] = {}
        # a study in spirit joins its sources, so that it needs them all
        if source in data and (study.kind == "printed" or not missing):
            with gathered() as told:
                if study.kind == "in spirit" and model.prepare is not None:
                    # its panels are built here, which takes longer than the models
                    key = (source, model.prepare)
                    made[key] = made[key] if key in made else model.prepare(data[source])
                    result = fit_model(replace(model, prepare=None), made[key])
                else:
                    result = fit_model(model, data[source])
                part = part if len(part) or study.kind == "printed" else _unprinted(model, result)
                keys = list(zip(part["term"], part["quantity"], strict=True))
                ours = numbers_of(result, keys)
            remarks += [f"{model.table}, {model.name}: {text}" for text in told]
            absent += _absent(model, result, [key for key in keys if key not in ours])
        frames.append(_beside(study, part, ours))
    if absent:
        raise ReplicationError(f"{study.name} does not compute: {first_few(absent)}")
    table = pd.concat(frames, ignore_index=True)
    return Replication(study, _in_order(table, printed), missing, tuple(remarks))


def _absent(model: Model, result: Result, keys: list[Key]) -> list[str]:
    """Numbers that a model does not give, each with the terms or quantities that it has."""
    lines = []
    for term, quantity in keys:
        others = [MODEL] if isinstance(result, Fit) else [key[0] for key in result.others]
        terms = list(dict.fromkeys([*result.names, *others]))
        known = f"its terms are {first_few(terms)}" if term not in terms else _QUANTITIES
        lines.append(f"{' '.join([*_of(model), term, quantity])} ({known})")
    return lines


_QUANTITIES = "a quantity that it has not; they are listed in coalition_models.replications.numbers"


def _of(model: Model) -> tuple[str, str]:
    return model.table, model.name


def _part(printed: pd.DataFrame, model: Model) -> pd.DataFrame:
    return printed[(printed["table"] == model.table) & (printed["model"] == model.name)]


def _in_order(table: pd.DataFrame, printed: pd.DataFrame) -> pd.DataFrame:
    """The order of the file; numbers that are ours alone stand last."""
    order = {key: at for at, key in enumerate(printed[KEY].itertuples(index=False, name=None))}
    places = [order.get(key, len(order)) for key in table[KEY].itertuples(index=False, name=None)]
    return table.iloc[pd.Series(places).argsort(kind="stable")].reset_index(drop=True)


def _refuse_strays(study: Study, printed: pd.DataFrame) -> None:
    known = dict.fromkeys(map(_of, study.models))
    pairs = dict.fromkeys(zip(printed["table"], printed["model"], strict=True))
    stray = [" ".join(pair) for pair in pairs if pair not in known]
    has = first_few([" ".join(pair) for pair in known])
    problems = [f"does not compute: {first_few(stray)} (its models are {has})"] if stray else []
    words = set(printed["deviation"]) - {"", *study.deviations}
    if words:
        problems.append(f"gives no reason for the deviation {first_few(sorted(words))}")
    if problems:
        raise ReplicationError(f"{study.name} {'; '.join(problems)}")


def _unprinted(model: Model, result: Result) -> pd.DataFrame:
    """What is shown of a model of which nothing was printed."""
    terms = [
        (name, what) for name in result.names for what in ("coefficient", "std_error", "p_value")
    ]
    wanted = [*terms, (MODEL, "rows"), (MODEL, "dropped"), (MODEL, "events")]
    if isinstance(result, Estimated):
        wanted += list(result.others)
    found = numbers_of(result, wanted)
    rows = [(*_of(model), *key, "", "", "") for key in wanted if key in found]
    return pd.DataFrame(rows, columns=[*KEY, "printed", "page", "deviation"])


def _beside(study: Study, part: pd.DataFrame, ours: Mapping[Key, float]) -> pd.DataFrame:
    keys = list(zip(part["term"], part["quantity"], strict=True))
    values = [ours.get(key, float("nan")) for key in keys]
    texts = list(part["printed"])
    return part.assign(
        published=pd.to_numeric(part["printed"]).astype(float),
        ours=values,
        digits=[max(0, -int(Decimal(text).as_tuple().exponent)) if text else 0 for text in texts],
        match=[
            match_printed(text, value) if text and key in ours else ""
            for text, value, key in zip(texts, values, keys, strict=True)
        ],
        note=[study.deviations.get(word, "") for word in part["deviation"]],
    )[_COLUMNS]
