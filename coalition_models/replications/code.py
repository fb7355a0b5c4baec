"""The code that a reader would type to get a model of a study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from coalition_models.models.specification import Specification
from coalition_models.replications.own import is_file, reader_of
from coalition_models.replications.study import Model, Study

__all__ = ["code_of"]

_PACKAGE = "coalition_models."


def code_of(study: Study, model: Model) -> str:
    """Write the lines that load the data, take the rows, fit the model and show it.

    Examples
    --------
    >>> from coalition_models.models.specification import Specification
    >>> spec = Specification("cox", "ended ~ risk", ties="breslow")
    >>> model = Model("Table 1", "all", spec, where="year < 1990")
    >>> study = Study("toy", "tago_2009", ("troops",), {"Table 1": "a toy"}, (), (model,))
    >>> print(code_of(study, model))
    import coalition_models as cm
    <BLANKLINE>
    rows = cm.load('troops')
    rows = rows.query('year < 1990')
    fit = cm.cox(
        'ended ~ risk',
        rows,
        ties='breslow',
    )
    print(fit)
    """
    used = [item for item in (model.prepare, model.fit) if callable(item)]
    lines = ["import coalition_models as cm"]
    for module in dict.fromkeys(item.__module__ for item in used):
        names = sorted({_name(item) for item in used if item.__module__ == module})
        home = module if module.startswith(_PACKAGE) else "study"
        lines.append(f"from {home} import {', '.join(names)}")
    source = study.source_of(model)
    if is_file(source):
        lines.insert(1, "import pandas as pd")
    lines += ["", f"rows = {reader_of(source)}({source!r})"]
    if model.prepare is not None:
        lines.append(f"rows = {_name(model.prepare)}(rows)")
    if model.where:
        lines.append(f"rows = rows.query({model.where!r})")
    return "\n".join([*lines, *_call(model), "print(fit)"])


def _name(function: Callable[..., object]) -> str:
    return str(getattr(function, "__name__", ""))


def _call(model: Model) -> list[str]:
    if isinstance(model.fit, Specification):
        return ["fit = cm." + line if not at else line for at, line in enumerate(_asked(model.fit))]
    given = "".join(f", {name}={value!r}" for name, value in model.options.items())
    return [f"fit = {_name(model.fit)}(rows{given})"]


def _asked(spec: Specification) -> list[str]:
    """The public function with every option that is not its default, one a line."""
    function, _, own = spec.record.call.rstrip(")").partition("(")
    given = [repr(spec.formula), "rows", *([own] if own else [])]
    for item in fields(spec)[2:]:
        value = getattr(spec, item.name)
        default = spec.record.duration or None if item.name == "time" else item.default
        if value != default:
            given.append(f"{item.name}={_plain(value)!r}")
    return [f"{function}(", *(f"    {part}," for part in given), ")"]


def _plain(value: object) -> object:
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value
