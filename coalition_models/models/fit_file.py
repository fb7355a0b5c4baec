"""A fit in a file: what was asked, the rows, and the numbers found; nothing that runs.

The file is a zip of JSON and of arrays without pickle. A fit is read back by estimating anew from
the rows in it, and refused where the numbers are not those in the file.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.about import __version__
from coalition_models.errors import DataError, first_few, gathered
from coalition_models.files import write_file
from coalition_models.models.display import Choices
from coalition_models.models.engine import Engine
from coalition_models.models.family import room_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Note

__all__ = ["FORMAT", "read_file", "save"]

Floats = npt.NDArray[np.float64]

#: of the file; another number is another meaning
FORMAT = 1
_NUMBERS = ("coefficients", "covariance", "model_covariance")


class Kept(Protocol):
    """What of a fit is written down."""

    @property
    def spec(self) -> Specification:
        """What was asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""

    @property
    def coefficients(self) -> Floats:
        """The estimates."""

    @property
    def covariance(self) -> Floats:
        """Of the kind asked for."""

    @property
    def model_covariance(self) -> Floats:
        """Inverse information."""

    @property
    def log_likelihood(self) -> float:
        """At the estimates."""

    @property
    def converged(self) -> bool:
        """Whether there is a maximum."""

    @property
    def choices(self) -> Choices:
        """Settings, with the columns they name."""

    @property
    def engine(self) -> Engine:
        """With the rows fitted to."""

    @property
    def data_choices(self) -> tuple[str, ...]:
        """How the data were made."""

    @property
    def sources(self) -> tuple[str, ...]:
        """What to cite."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes under the table."""


def save(fit: Kept, path: Path, data: pd.DataFrame) -> None:
    """Write a fit and the columns that it used.

    Raises
    ------
    DataError
        Data that are not those fitted to; a column that cannot be written; a fit without a
        finite maximum.
    """
    if not fit.converged:
        raise DataError("a fit without a finite maximum is not saved: there are no numbers to keep")
    _refuse_other_data(fit, data)
    held: dict[str, Any] = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for place, name in enumerate(_columns(fit, data)):
        kind, values = _written(data[name])
        held[name] = {"place": place, **kind}
        arrays[f"column_{place}"] = values
    index, values = _written(pd.Series(data.index))
    arrays["index"] = values
    arrays |= {name: getattr(fit, name) for name in _NUMBERS}
    about = {
        "format": FORMAT,
        "package": __version__,
        "spec": asdict(fit.spec),
        "names": list(fit.names),
        "log_likelihood": fit.log_likelihood,
        "columns": held,
        "index": {**index, "name": data.index.name if isinstance(data.index.name, str) else None},
        "data_choices": list(fit.data_choices),
        "sources": list(fit.sources),
        "remarks": [[str(text), isinstance(text, Note)] for text in fit.remarks],
    }
    try:
        words = json.dumps(about, indent=1, ensure_ascii=False).encode()
    except TypeError as error:
        raise DataError(f"the specification holds what a file cannot keep: {error}") from None
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (("fit.json", words), ("arrays.npz", packed.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), content)  # without a date: same fit, same bytes
    write_file(path, out.getvalue())


def _refuse_other_data(fit: Kept, data: pd.DataFrame) -> None:
    with gathered():
        again: Sample = room_of(fit.spec.family).draw(fit.spec, data)
    own = fit.engine.sample
    place = _rows_among(own, again)
    same = place is not None and again.design.names == own.design.names
    if same and place is not None:
        same = np.array_equal(again.matrix[place], own.matrix)
        same = same and np.array_equal(again.event[place], own.event)
        if own.kinds is not None and again.kinds is not None:
            same = same and np.array_equal(again.kinds.codes[place], own.kinds.codes)
    if not same:
        raise DataError(
            "data must be the rows that the fit was made from, which these are not "
            f"({again.rows_given} and {own.rows_given} given): only with them can it be read back"
        )


def _rows_among(own: Sample, again: Sample) -> npt.NDArray[np.int64] | None:
    """Where the rows of a fit are among those drawn anew, of which it may have left out some."""
    if own.rows_given != again.rows_given:
        return None
    mine, drawn = (
        np.arange(s.rows_given) if s.keep is None else np.flatnonzero(s.keep) for s in (own, again)
    )
    place = np.searchsorted(drawn, mine)
    there = place < len(drawn)
    return place if there.all() and (drawn[place] == mine).all() else None


def _columns(fit: Kept, data: pd.DataFrame) -> list[str]:
    """Columns without which the fit could not be made again."""
    sample, spec = fit.engine.sample, fit.spec
    names = [sample.design.response, *sample.design.variables, spec.start, spec.stop]
    names += [*sample.id, *fit.choices.cluster, *fit.choices.strata, spec.weights, spec.offset]
    names += [spec.origin, spec.group, spec.last_seen]
    found = dict.fromkeys(name for name in names if name is not None and name in data.columns)
    return list(found)


def _written(column: pd.Series) -> tuple[dict[str, Any], npt.NDArray[Any]]:
    """How a column is written: an array of numbers, and what they mean."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = [_plain(value, column.name) for value in dtype.categories]
        kind = {"kind": "category", "categories": levels, "ordered": bool(dtype.ordered)}
        return kind, column.cat.codes.to_numpy(dtype=np.int64)
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return {"kind": "numbers"}, column.to_numpy().astype(dtype.newbyteorder("="))
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        return {"kind": "dates"}, column.to_numpy("datetime64[ns]").astype(np.int64)
    if pd.api.types.is_numeric_dtype(dtype):
        return {"kind": "numbers"}, column.to_numpy(dtype=float, na_value=np.nan)
    codes, known = pd.factorize(column.astype(object))
    words = [_plain(value, column.name) for value in known]
    return {"kind": "words", "categories": words}, codes.astype(np.int64)


def _plain(value: object, name: object) -> object:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (str, bool, int, float)) or (isinstance(value, Real) and value == value):
        return value
    raise DataError(
        f"column {name!r} holds a {type(value).__name__}, which a file of numbers and words cannot "
        "keep: make it words, numbers or dates first"
    )


def read_file(path: Path) -> tuple[dict[str, Any], pd.DataFrame, dict[str, Floats]]:
    """Read what :func:`save` wrote: what is said, the rows, and the numbers.

    Raises
    ------
    DataError
        No such file, no file of this kind, or one of another format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("fit.json"))
            packed = archive.read("arrays.npz")
        with np.load(io.BytesIO(packed), allow_pickle=False) as found:
            arrays = dict(found.items())
    except FileNotFoundError:
        raise DataError(f"path: there is no file {path}") from None
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise DataError(f"path: {path} is not a saved fit, or is damaged ({error})") from None
    if not isinstance(about, Mapping) or about.get("format") != FORMAT:
        number = about.get("format") if isinstance(about, Mapping) else None
        raise DataError(
            f"path: {path} has format {number!r}, and this version ({__version__}) reads format "
            f"{FORMAT}: fit anew, or use the version that wrote it ({_writer(about)})"
        )
    try:
        return dict(about), _frame(about, arrays), {name: arrays[name] for name in _NUMBERS}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"path: {path} is damaged: {error!r}") from None


def _writer(about: object) -> object:
    return about.get("package", "unknown") if isinstance(about, Mapping) else "unknown"


def _frame(about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> pd.DataFrame:
    columns = {
        name: _read(kind, arrays[f"column_{kind['place']}"])
        for name, kind in about["columns"].items()
    }
    index = pd.Index(_read(about["index"], arrays["index"]), name=about["index"]["name"])
    frame = pd.DataFrame(columns)
    if len(frame) != len(index):
        raise ValueError(f"{len(frame)} rows and {len(index)} labels")
    return frame.set_axis(index, axis=0)


def _read(kind: Mapping[str, Any], values: npt.NDArray[Any]) -> pd.Series:
    if kind["kind"] == "numbers":
        return pd.Series(values)
    if kind["kind"] == "dates":
        return pd.Series(values.astype("datetime64[ns]"))
    known: Any = kind["categories"]
    if kind["kind"] == "category":
        return pd.Series(pd.Categorical.from_codes(values, known, ordered=kind["ordered"]))
    if kind["kind"] != "words":
        raise ValueError(f"a column of kind {first_few([kind['kind']])}")
    out = np.empty(len(values), dtype=object)
    out[:] = [known[code] if code >= 0 else None for code in values]
    return pd.Series(out, dtype=object)
