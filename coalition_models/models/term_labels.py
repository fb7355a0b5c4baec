"""What coefficients are called in tables for readers: labels of the codebook, or one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from coalition_models.models.display import choices_told
from coalition_models.sources.codebook import feature_labels

__all__ = ["Label", "counted_months", "general_label", "label_of", "term_labels"]

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve")  # fmt: skip
#: options of builders that are numbers of months
_MONTHS = ("window", "shock_window", "trend_window")
#: an option that is no number of months, with what says it
_OPTION = re.compile(r" of \{\w+\} or more")
_NAME = re.compile(r"`([^`]+)`|\b([A-Za-z_]\w*)\b(?!\()")
#: a level of a factor, as formulas write it: C(region)[T.north] or region[T.north]
_LEVEL = re.compile(r"(?:C\()?(`[^`]+`|[A-Za-z_]\w*)(?:,[^\[]*)?\)?\[(?:T\.)?(.*)\]")


@dataclass(frozen=True)
class Label:
    """A coefficient in words, and the kind of exit (or move) that it is of, if any."""

    words: str
    section: str = ""


class _Labelled(Protocol):
    """What of a fit its labels are read from."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""

    @property
    def engine(self) -> object:
        """Knows the kinds of exit, where there are any."""

    @property
    def data_choices(self) -> tuple[str, ...]:
        """How columns were made."""


class _Kinded(Protocol):
    """An engine of a family that can tell kinds of exit apart."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Their labels."""


def counted_months(months: str) -> str:
    """A number of months in words.

    Examples
    --------
    >>> counted_months("6"), counted_months("1"), counted_months("18"), counted_months("0")
    ('six months', 'month', '18 months', 'month')
    """
    if months in ("0", "1"):
        return "month"
    small = months.isdigit() and int(months) < len(_WORDS)
    return f"{_WORDS[int(months)] if small else months} months"


def label_of(column: str, data_choices: tuple[str, ...]) -> str:
    """What the codebook calls a column that a builder made; any other keeps its name.

    A column is known by what the fit tells of its making, so that a column of one's own that has
    the name of a feature is not taken for it.

    Examples
    --------
    >>> label_of("election_near", ("Features: election_near (window 6, kinds leader).",))
    'Election within six months'
    >>> label_of("election_near", ())
    'election_near'
    """
    told = choices_told(data_choices, column)
    template = feature_labels().get(column)
    if told is None or template is None:
        return column
    words = {name: counted_months(v) if name in _MONTHS else v for name, v in told.items()}
    try:
        return template.format_map(words)
    except KeyError:
        return column


def general_label(column: str) -> str:
    """What the codebook calls a feature, however it was made; any other name is kept.

    Examples
    --------
    >>> general_label("election_near"), general_label("leader_change"), general_label("risk")
    ('Election within a few months', 'New leader in the last few months', 'risk')
    """
    template = feature_labels().get(column)
    if template is None:
        return column
    open_ended = re.sub(r"the last \{\w*window\}", "the last few months", template)
    return _OPTION.sub("", re.sub(r"\{\w*window\}", "a few months", open_ended))


def term_labels(fit: _Labelled, own: Mapping[str, str] | None = None) -> dict[str, Label]:
    """A label for each coefficient of a fit.

    Parameters
    ----------
    fit : Fit
    own : mapping, optional
        Names of coefficients or of columns -> words; they win over those of the codebook. A name
        of a coefficient is its whole label, that of a column also stands in products and levels.
    """
    kinds = getattr(cast("_Kinded", fit.engine), "kinds", ())
    given = dict(own or {})
    return {name: _label(name, kinds, given, fit.data_choices) for name in fit.names}


def _label(
    name: str, kinds: tuple[str, ...], own: Mapping[str, str], choices: tuple[str, ...]
) -> Label:
    heads = [str(kind) for kind in kinds if name.startswith(f"{kind}: ")]
    section = max(heads, key=len, default="")
    bare = name.removeprefix(f"{section}: ") if section else name
    if name in own or bare in own:
        return Label(own.get(name, own.get(bare, bare)), own.get(section, section))
    factors = [_factor(factor, own, choices) for factor in _factors(bare)]
    return Label(" \u00d7 ".join(factors), own.get(section, section))


def _factors(term: str) -> list[str]:
    """Split a product at its colons, but for those inside brackets or back-quotes."""
    parts, depth, quoted, begin = [], 0, False, 0
    for place, sign in enumerate(term):
        quoted ^= sign == "`"
        depth += (sign in "([") - (sign in ")]")
        if sign == ":" and depth == 0 and not quoted:
            parts.append(term[begin:place])
            begin = place + 1
    return [*parts, term[begin:]]


def _factor(factor: str, own: Mapping[str, str], choices: tuple[str, ...]) -> str:
    def words(column: str) -> str:
        return own[column] if column in own else label_of(column, choices)

    if words(factor) != factor:
        return words(factor)
    level = _LEVEL.fullmatch(factor)
    if level is not None:
        return f"{words(level.group(1).strip('`'))}: {level.group(2)}"
    if "(" not in factor:
        return factor

    def swapped(found: re.Match[str]) -> str:
        name = found.group(1) or found.group(2)
        return words(name) if words(name) != name else found.group(0)

    return _NAME.sub(swapped, factor)
