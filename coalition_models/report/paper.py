"""The paper: a text whose every number, table, figure and work cited comes from the analysis."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from coalition_models.errors import DataError, first_few
from coalition_models.render import Table
from coalition_models.report.figures.style import Plot

__all__ = [
    "Filled",
    "Form",
    "Material",
    "cited_works",
    "fill",
    "numbered_slots",
    "slots_of",
    "template_path",
]

#: ``{{iraq.events}}``, ``{{table:iraq.models}}``, ``{{figure:...}}``, ``{{ref:table:...}}``
_SLOT = re.compile(r"\{\{([^{}]*)\}\}")
#: a work as pandoc cites it
_WORK = re.compile(r"(?<![\w.])-?@([A-Za-z]\w*)")


@dataclass(frozen=True)
class Material:
    """What a text may ask for, by name, and the tables of data behind it."""

    values: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, tuple[Plot, str]] = field(default_factory=dict)
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class Form:
    """How a kind of document writes a table, and a figure by its name and caption.

    ``numbered`` says whether the text numbers them; if not, the document does.
    """

    table: Callable[[Table], str]
    figure: Callable[[str, str], str]
    numbered: bool = True


@dataclass(frozen=True)
class Filled:
    """A filled text with the tables and figures in it, in the order in which they stand."""

    text: str
    tables: Mapping[str, Table]
    figures: Mapping[str, Plot]


def template_path(name: str = "paper.md") -> Path:
    """Where the paper's own text lies: inside an installed package, or in the repository.

    Examples
    --------
    >>> template_path().name
    'paper.md'
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_paper", package.parent / "paper"):
        if (candidate / name).is_file():
            return candidate / name
    raise DataError(
        f"the paper's text is missing: expected {name} in coalition_models/_paper (installed) or "
        "paper/ (repository); install the package again"
    )


def slots_of(text: str) -> list[str]:
    """What a text asks for, each once, in order.

    Examples
    --------
    >>> slots_of("{{a.n}} of {{table:a.b}}, {{a.n}}")
    ['a.n', 'table:a.b']
    """
    return list(dict.fromkeys(_SLOT.findall(text)))


def numbered_slots(text: str) -> dict[str, str]:
    """What each table and figure of a text is called.

    Examples
    --------
    >>> numbered_slots("{{figure:a.b}} {{table:a.c}} {{figure:d.e}}")
    {'table:a.c': 'Table 1', 'figure:a.b': 'Figure 1', 'figure:d.e': 'Figure 2'}
    """
    return _numbered([slot for slot in slots_of(text) if slot.startswith(("table:", "figure:"))])


def cited_works(text: str) -> list[str]:
    """Keys of the works that a text cites, each once, in order.

    Examples
    --------
    >>> cited_works("As @tago_2009 and others [-@mello_2020; @kreps_2010]; not a@b.c.")
    ['tago_2009', 'mello_2020', 'kreps_2010']
    """
    return list(dict.fromkeys(_WORK.findall(text)))


def fill(text: str, material: Material, form: Form) -> Filled:
    """Put values, tables, figures and the numbers of both into the slots of a text.

    Parameters
    ----------
    text : str
        ``{{name}}`` is a value, ``{{table:name}}`` and ``{{figure:name}}`` stand alone on a line,
        ``{{ref:table:name}}`` is what that table is called.
    material : Material
    form : Form

    Raises
    ------
    DataError
        A slot that cannot be filled, a reference to what is not in the text, and a table or figure
        that stands in it twice; every such name is listed.

    Examples
    --------
    >>> plain = Form(table=lambda table: table.markdown(), figure=lambda file, words: words)
    >>> fill("{{n}} exits", Material({"n": "21"}), plain).text
    '21 exits'
    """
    slots = slots_of(text)
    numbers = numbered_slots(text)
    _refuse_unknown(slots, material, numbers)
    twice = [slot for slot in numbers if text.count(f"{{{{{slot}}}}}") > 1]
    if twice:
        raise DataError(f"the text shows {first_few(twice)} more than once")
    tables: dict[str, Table] = {}
    figures: dict[str, Plot] = {}

    def put(slot: re.Match[str]) -> str:
        kind, _, name = slot.group(1).partition(":")
        if kind == "ref" and name:
            return numbers[name]
        head = f"{numbers[slot.group(1)]}. " if slot.group(1) in numbers and form.numbered else ""
        if kind == "table" and name:
            table = material.tables[name]
            tables[name] = table
            return form.table(_titled(table, f"{head}{table.title}"))
        if kind == "figure" and name:
            figures[name], words = material.figures[name]
            return form.figure(name, f"{head}{words}")
        return material.values[slot.group(1)]

    return Filled(_SLOT.sub(put, text), tables, figures)


def _titled(table: Table, title: str) -> Table:
    return replace(table, title=title)


def _numbered(shown: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for kind, word in (("table:", "Table"), ("figure:", "Figure")):
        mine = [slot for slot in shown if slot.startswith(kind)]
        out |= {slot: f"{word} {place}" for place, slot in enumerate(mine, start=1)}
    return out


def _refuse_unknown(slots: Sequence[str], material: Material, numbers: Mapping[str, str]) -> None:
    known = {
        *material.values,
        *(f"table:{name}" for name in material.tables),
        *(f"figure:{name}" for name in material.figures),
        *(f"ref:{name}" for name in numbers),
    }
    unknown = [name for name in slots if name not in known]
    if unknown:
        raise DataError(
            f"the text asks for what the analysis does not give: {first_few(unknown)}; known: "
            f"{', '.join(sorted(known))}"
        )
