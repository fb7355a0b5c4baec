"""Tables for print: models, variances of a model and pooled results side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import pandas as pd

from coalition_models.arguments import check_arguments, listed
from coalition_models.errors import DataError, first_few
from coalition_models.models.fit_table import check_level
from coalition_models.render import Table, format_number, format_p
from coalition_models.report.columns import KINDS, Column, Shown, column_of, with_variances
from coalition_models.report.fits import named
from coalition_models.report.pooled import pooled_columns
from coalition_models.report.table_foot import foot, own_rows, stars_of
from coalition_models.report.table_notes import notes_of

__all__ = ["Below", "table"]

Below = Literal["interval", "std_error", "statistic", "none"]


def table(
    fits: Shown | Sequence[Shown] | Mapping[str, Shown] | pd.Series,
    *,
    terms: Sequence[str] | None = None,
    hazard_ratios: bool = False,
    names: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    variances: Sequence[str] = (),
    below: Below = "interval",
    p_values: bool = True,
    stars: bool | Mapping[str, float] = False,
    rows: Mapping[str, Sequence[object] | Mapping[str, object]] | None = None,
    glance: Sequence[str] | None = None,
    level: float = 0.95,
    digits: int = 3,
    title: str = "",
    baseline: bool = False,
    making: bool = True,
) -> Table:
    r"""Set models side by side: estimates, how sure they are, what was used at the foot.

    Standard errors, limits, p-values and stars are those of the variance that each fit reports.
    Models of several kinds of exit have a section for each kind.

    Parameters
    ----------
    fits : Fit, sequence, or mapping (Series) of names to fits
        Beside fits: a :class:`TermEstimate`, an estimate combined by Rubin's rules, what
        :func:`inference.combine` gives (a column for fixed and one for random effects), or any
        frame in the form of :meth:`Fit.tidy`.
    terms : sequence of str, optional
        Which coefficients, in this order; the others are named below the table. A term of a model
        of several kinds of exit stands for all kinds. By default all but the intercept and the
        duration terms.
    hazard_ratios : bool
        Show hazard (odds, time) ratios and their limits in place of coefficients; a family whose
        exponentials mean nothing (probit) keeps its coefficients.
    names : sequence of str, optional
        A heading per fit; by default those of the mapping, or ``(1)``, ``(2)``, ...
    labels : mapping, optional
        Coefficients or columns (or kinds of exit) -> words. Otherwise columns that a builder made
        are called as in :func:`codebook`, and others by their name.
    variances : sequence of {"model", "robust", "cluster", "jackknife", "wild"}
        Show each fit once under each of these: one model, several standard errors. ``"wild"`` has
        p-values only (:func:`inference.few_clusters`).
    below : {"interval", "std_error", "statistic", "none"}
        What stands below an estimate. Standard errors stay on the log scale under ratios.
    p_values : bool
        Show p-values beside the estimates.
    stars : bool or mapping
        ``True`` for one, two and three stars below 0.05, 0.01 and 0.001, or marks of your own with
        their bounds. A note explains them.
    rows : mapping, optional
        Rows of your own above the foot: what it is called -> a value per column, or values by the
        names of columns.
    glance : sequence of str, optional
        Rows at the foot: ``"events", "rows", "members", "clusters", "time_at_risk",
        "log_likelihood", "aic", "ties", "variance"``. By default all; ties and variance where they
        differ, log-likelihood and AIC where the columns have one kind of likelihood and the same
        rows, since others cannot be compared.
    level : float
        Of the confidence limits.
    digits : int
    title : str
    baseline : bool
        Show the intercept and the duration terms too, as coefficients. They shape the hazard of a
        reference and compare no two members.
    making : bool
        Let the notes tell how panel and features were made.

    Returns
    -------
    Table
        Shows itself in a notebook and in a terminal; ``text()``, ``markdown()``, ``latex()``,
        ``html()``, ``typst()``, ``word(path)``, and ``to_frame()`` with the numbers. Notes say
        once what the columns share, and of each what it has alone.

    Raises
    ------
    DataError
        No fit, a number of names that differs from that of fits, an unknown term, variance or row
        of the foot.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
    ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
    >>> fit = cm.cox("event ~ risk", df)
    >>> print(cm.table(fit).text().splitlines()[2])
    risk            1.476 (p 0.169)
    >>> cm.table({"Cox": fit}, labels={"risk": "Risk"}).rows[0]
    ['Risk', '1.476 (p 0.169)']
    >>> print(cm.table(fit).latex().splitlines()[0])
    \begin{tabular}{lr}
    >>> print(cm.table(fit).markdown().splitlines()[2])
    | risk | 1.476 (p 0.169) |
    """
    check_arguments(table, {k: v for k, v in locals().items() if k not in ("fits", "rows")})
    if below not in ("interval", "std_error", "statistic", "none"):
        raise DataError(
            f"below must be 'interval', 'std_error', 'statistic' or 'none', not {below!r}"
        )
    terms = None if terms is None else listed(terms)
    glance = None if glance is None else listed(glance)
    own = dict(labels or {})
    given = cast("list[tuple[str, Shown]]", named(pooled_columns(fits), KINDS, names=names))
    columns: dict[str, Column] = {}
    for place, (name, shown, kind) in enumerate(with_variances(given, listed(variances)), start=1):
        columns[_heading(name or f"({place})", columns)] = column_of(
            shown, ratios=hazard_ratios, level=check_level(level), own=own, making=making,
            wild=kind == "wild",
        )  # fmt: skip
    marks = stars_of(stars)
    lines = _lines(columns, terms, baseline)
    cells = _Cells(below, p_values, marks, digits)
    body, heads = _body(columns, lines, cells)
    extra = own_rows(rows or {}, list(columns))
    bottom, apart = foot(list(columns.values()), glance, digits)
    notes = notes_of(
        columns, lines.hidden, ratios=hazard_ratios, level=level, below=below, p_values=p_values,
        marks=marks, apart=apart,
    )  # fmt: skip
    return Table(
        ["", *columns], [*body, *extra, *bottom], title, notes, heads=heads,
        breaks=tuple({len(body), len(body) + len(extra)} - {0}) if extra or bottom else (),
        data=_data(columns, lines),
    )  # fmt: skip


def _heading(name: str, taken: Mapping[str, Column]) -> str:
    if name in taken:
        raise DataError(f"two columns are called {name!r}: give names= that differ")
    return name


@dataclass(frozen=True)
class _Lines:
    """Rows of coefficients by section and label, each with its coefficient in each column."""

    shown: Mapping[tuple[str, str], Mapping[str, str]]
    hidden: tuple[str, ...]


def _lines(columns: Mapping[str, Column], terms: Sequence[str] | None, baseline: bool) -> _Lines:
    every: dict[tuple[str, str], dict[str, str]] = {}
    hidden: dict[str, None] = {}
    known: dict[str, None] = {}
    for heading, column in columns.items():
        for name in column.numbers.index:
            known[str(name)] = None
            label = column.labels[str(name)]
            hushed = name in column.baseline and not baseline and terms is None
            if hushed or (terms is not None and not _asked(str(name), label.section, terms)):
                hidden[str(name)] = None
                continue
            every.setdefault((label.section, label.words), {})[heading] = str(name)
    bare = {name.rpartition(": ")[2] for name in known}
    unknown = [term for term in terms or () if term not in known and term not in bare]
    if unknown:
        raise DataError(f"no fit has the terms {first_few(unknown)}; known: {first_few(known)}")
    order = list(every)
    if terms is not None:
        order.sort(key=lambda key: _rank(every[key].values(), key[0], terms))
    sections = list(dict.fromkeys(section for section, _ in order))
    # what is of no kind of exit stands first
    order.sort(key=lambda key: (key[0] != "", sections.index(key[0])))
    return _Lines({key: every[key] for key in order}, tuple(hidden))


def _asked(name: str, section: str, terms: Sequence[str]) -> bool:
    return name in terms or (bool(section) and name.removeprefix(f"{section}: ") in terms)


def _rank(names: Iterable[str], section: str, terms: Sequence[str]) -> int:
    own = list(names)
    wanted = [*own, *(name.removeprefix(f"{section}: ") for name in own)]
    return min(list(terms).index(name) for name in wanted if name in terms)


@dataclass(frozen=True)
class _Cells:
    """How a coefficient is written."""

    below: Below
    p_values: bool
    marks: Mapping[str, float]
    digits: int

    def estimate(self, row: Mapping[str, float]) -> str:
        """The estimate with stars and p-value."""
        p_value = float(row["p_value"])
        below = [mark for mark, bound in self.marks.items() if p_value < bound]
        star = min(below, key=lambda mark: self.marks[mark], default="")
        said = f" (p {format_p(p_value)})" if self.p_values and p_value == p_value else ""
        return f"{format_number(float(row['estimate']), self.digits)}{star}{said}"

    def under(self, row: Mapping[str, float]) -> str:
        """What stands below it."""
        if self.below == "interval":
            ends = [
                format_number(float(row[end]), self.digits) for end in ("conf_low", "conf_high")
            ]
            return f"[{', '.join(ends)}]" if all(ends) else ""
        text = format_number(
            float(row[self.below]), self.digits if self.below == "std_error" else 2
        )
        return f"({text})" if text else ""


def _body(
    columns: Mapping[str, Column], lines: _Lines, cells: _Cells
) -> tuple[list[list[str]], tuple[int, ...]]:
    body: list[list[str]] = []
    heads = []
    current = ""
    for (section, words), where in lines.shown.items():
        if section != current:
            heads.append(len(body))
            body.append([section, *[""] * len(columns)])
            current = section
        rows = {
            name: cast("dict[str, float]", columns[name].numbers.loc[term].to_dict())
            for name, term in where.items()
        }
        body.append([words, *[cells.estimate(rows[n]) if n in rows else "" for n in columns]])
        if cells.below != "none":
            body.append(["", *[cells.under(rows[n]) if n in rows else "" for n in columns]])
    return body, tuple(heads)


def _data(columns: Mapping[str, Column], lines: _Lines) -> pd.DataFrame:
    """The numbers shown, one row per column and coefficient."""
    out = [
        {"column": name, "section": section, "term": term, "label": words,
         **columns[name].numbers.loc[term].to_dict()}
        for (section, words), where in lines.shown.items()
        for name, term in where.items()
    ]  # fmt: skip
    order = list(columns)
    out.sort(key=lambda row: order.index(str(row["column"])))
    return pd.DataFrame(out)
