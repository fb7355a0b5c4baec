"""Notes under a table of models: what the columns share once, what differs by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coalition_models.report.columns import Column

__all__ = ["notes_of"]

_BELOW = {
    "std_error": "the standard error",
    "statistic": "the test statistic (estimate over standard error)",
}


def notes_of(
    columns: Mapping[str, Column],
    hidden: Sequence[str],
    *,
    ratios: bool,
    level: float,
    below: str,
    p_values: bool,
    marks: Mapping[str, float],
    apart: str,
) -> tuple[str, ...]:
    """Every note of a table, in the order in which they are read.

    Sentences that all columns have stand once, together; the others behind the heading of theirs.
    """
    notes = [_cells(columns, ratios, level, below, p_values)]
    if any("time ratio" in column.ratio for column in columns.values()):
        notes.append("A time ratio above 1 is a longer stay, a hazard or odds ratio a shorter one.")
    if marks:
        bounds = ", ".join(f"{mark} p < {bound:g}" for mark, bound in marks.items())
        notes.append(
            f"Stars: {bounds}, by the variance of each column. They tell nothing of how large an "
            "effect is, and none is no sign that there is no effect."
        )
    each = [[_sentence(note) for note in column.notes] for column in columns.values()]
    shared = [note for note in each[0] if all(note in others for others in each[1:])]
    for heading, lines in zip(columns, each, strict=True):
        own = " ".join(dict.fromkeys(line for line in lines if line not in shared))
        if own:
            notes.append(f"{heading}: {own}")
    notes += [" ".join(dict.fromkeys(shared))] if shared else []
    notes += [apart] if apart else []
    notes += [f"Estimated and not shown: {', '.join(hidden)}."] if hidden else []
    return tuple(notes)


def _sentence(note: str) -> str:
    """A note that ends where it ends, also beside others."""
    text = note.removeprefix("Note: ").rstrip()
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _cells(
    columns: Mapping[str, Column], ratios: bool, level: float, below: str, p_values: bool
) -> str:
    words = {
        heading: (column.ratio or f"coefficient ({column.scale})")
        for heading, column in columns.items()
    }
    kinds = list(dict.fromkeys(words.values()))
    if len(kinds) == 1:
        shown = kinds[0]
    else:
        by = [f"{kind} in {', '.join(h for h in words if words[h] == kind)}" for kind in kinds]
        shown = "; ".join(by)
    beside = " (p-value)" if p_values else ""
    under = {"interval": f"the {100 * level:g}% interval", "none": ""}.get(below, "")
    under = under or _BELOW.get(below, "")
    log = " on the log scale" if below == "std_error" and ratios else ""
    tail = f", below it {under}{log}" if under else ""
    return f"Each cell: {shown}{beside}{tail}."
