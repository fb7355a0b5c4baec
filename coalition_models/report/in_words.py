"""Tables as a reader of a page sees them: words where the data hold codes.

Files beside the page keep the codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from textwrap import fill

from coalition_models.designs.sets import place_of
from coalition_models.models.term_labels import general_label
from coalition_models.render import Table
from coalition_models.report.words import state_name

__all__ = [
    "COLUMNS",
    "form_word",
    "set_words",
    "spells_in_words",
    "table_in_words",
    "values_in_words",
    "word",
    "wrapped",
]

#: codes whose letters are no word of a reader's
_WORDS = {
    "re_role": "change of task",
    "ad_hoc": "ad hoc",
    "conf_low": "95% low",
    "conf_high": "95% high",
    "conf low": "95% low",
    "conf high": "95% high",
    "std_error": "std. error",
    "p_value": "p",
    "p value": "p",
    "exit_kind": "kind of exit",
    "exit_kind_alt": "other reading of it",
    "exit_reason": "reason for the exit",
    "bmr": "Boix, Miller and Rosato",
    "polity": "Polity",
}
#: data sets that are no place -> words
_SETS = {
    "forms": "forms of defection",
    "leaders": "leaders, Iraq",
    "un": "UN missions",
    "interventions": "interventions",
    "wars": "interstate wars",
    "alliances": "alliances called on",
}
_FORMS = {**_WORDS, "full": "full exit"}
_FRAMEWORKS = {"nato": "NATO", "un": "UN"}
#: a name that was put together from words
_SNAKE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_VALUE = re.compile(
    r"(?<![\w.])(?:mission_end|post_mandate|left_office|re_role|partial_cut|caveat_tightened|"
    r"caveat_lifted|exit_kind_alt|exit_kind|exit_date|std_error|p_value|bmr|polity)(?![\w=])"
)
_INFINITE = re.compile(r"(?<![\w.])inf(?!\w)")
#: a state, or a stay of it in a coalition
_SPELL = re.compile(r"(?:\b[a-z]\w* )?\b(?P<state>[A-Z]{3})(?:[- ](?P<spell>\d+))?(?![\w-])")


def word(code: str) -> str:
    """A code in words: a feature by its label, a kind or a heading without its underscores.

    Examples
    --------
    >>> word("mission_end"), word("re_role"), word("log_deaths_12m")
    ('mission end', 'change of task', 'Own deaths, last twelve months (log)')
    >>> word("Spain"), word("event ~ a_b")
    ('Spain', 'event ~ a_b')
    """
    if code in _WORDS:
        return _WORDS[code]
    labelled = general_label(code)
    if labelled != code or not _SNAKE.fullmatch(code):
        return labelled
    return code.replace("_", " ")


def values_in_words(text: str) -> str:
    """A sentence with kinds of exit and of change in words, and what is infinite as a sign.

    Examples
    --------
    >>> values_in_words("iraq CZE-1 re_role 2003-12-15; exit coded mission_end; by exit_date")
    'iraq CZE-1 change of task 2003-12-15; exit coded mission end; by exit date'
    >>> values_in_words("-inf, 0.652"), values_in_words("information")
    ('-\u221e, 0.652', 'information')
    """
    return _INFINITE.sub("\u221e", _VALUE.sub(_swapped, text))


def form_word(form: str) -> str:
    """A form of defection in words.

    Examples
    --------
    >>> form_word("re_role"), form_word("partial_cut"), form_word("full")
    ('change of task', 'partial cut', 'full exit')
    """
    return _FORMS.get(form, form.replace("_", " "))


def set_words(name: str) -> str:
    """A data set in words; a variant keeps its own.

    Examples
    --------
    >>> set_words("un"), set_words("isaf: announced exit")
    ('UN missions', 'Afghanistan (ISAF): announced exit')
    """
    first, _, variant = name.partition(": ")
    words = _SETS.get(first) or place_of(first)
    return f"{words}: {variant}" if variant else words


def spells_in_words(text: str) -> str:
    """Keys of spells as states, with the number of the stay where it is not the first.

    Examples
    --------
    >>> spells_in_words("AUS-1, UKR-1"), spells_in_words("iraq LTU-2 2007-08")
    ('Australia, Ukraine', 'Lithuania (stay 2) 2007-08')
    >>> spells_in_words("DOM"), spells_in_words("2004"), spells_in_words("NATO")
    ('Dominican Republic', '2004', 'NATO')
    """
    return _SPELL.sub(_stay, text)


def _stay(found: re.Match[str]) -> str:
    name = state_name(found["state"])
    if name == found["state"]:
        return found.group()
    return name if found["spell"] in (None, "1") else f"{name} (stay {found['spell']})"


def wrapped(text: str, width: int = 24) -> str:
    """A label on as many lines as it needs.

    Examples
    --------
    >>> wrapped("Own deaths, last twelve months (log)", 20).splitlines()
    ['Own deaths, last', 'twelve months (log)']
    """
    return fill(text, width, break_long_words=False)


def _framework(code: str) -> str:
    return _FRAMEWORKS.get(code) or word(code)


def _heading(text: str) -> str:
    """A heading; several names in one stay apart."""
    return word(text) if text in _WORDS or "_" not in text else _SNAKE.sub(_swapped, text)


def _swapped(found: re.Match[str]) -> str:
    return word(found.group())


#: heading -> what its codes are called
COLUMNS: Mapping[str, Callable[[str], str]] = {
    "coalition": place_of,
    "set": place_of,
    "state": state_name,
    "form": form_word,
    "framework": _framework,
}


def table_in_words(table: Table) -> Table:
    """The table with words in place of codes, in headings and in cells that are one code.

    Examples
    --------
    >>> shown = table_in_words(Table(["coalition", "exit_kind", "of"],
    ...                              [["isaf", "mission_end", "a_b of c"]]))
    >>> shown.header, shown.rows
    (['coalition', 'kind of exit', 'of'], [['Afghanistan (ISAF)', 'mission end', 'a_b of c']])
    """
    verbs = [COLUMNS.get(name, word) for name in table.header]
    rows = [
        [
            values_in_words(verb(cell)) if cell else cell
            for verb, cell in zip(verbs, row, strict=True)
        ]
        for row in table.rows
    ]
    return replace(
        table,
        header=[_heading(name) for name in table.header],
        rows=rows,
        title=values_in_words(table.title),
        notes=[values_in_words(note) for note in table.notes],
    )
