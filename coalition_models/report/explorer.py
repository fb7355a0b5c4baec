"""The explorer: a page that holds a whole specification curve, and shows any of it."""

from __future__ import annotations

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.about import __version__
from coalition_models.designs.sets import place_of
from coalition_models.files import output_folder, write_file
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.report.html import document
from coalition_models.sensitivity.exploring import Explored

__all__ = ["explorer_frames", "explorer_page", "write_explorer"]

#: what a choice is called, and what it asks
_CHOICES = {
    "dates": ("Certainty of dates", "Which spells are followed?"),
    "contested": ("Coding of contested exits", "What is an exit that can be read two ways?"),
    "kinds": ("Kinds of exit", "Which ends count?"),
    "exit_date": ("Date of exit", "When has a member left?"),
    "wind_up": ("Wind-up", "Months before the mandate's end that are left out"),
    "peak_at_least": ("Smallest contingent", "Persons at the peak"),
    "rule": ("Rule", "Whose reading of a defection?"),
    "elections": ("Elections", "Which are read, and known since when?"),
    "clock": ("Clock", "Since when is time counted?"),
    "window": ("Window", "When is an election near?"),
    "controls": ("Controls", "What else is in the model?"),
    "estimator": ("Estimator", "Cox, or a discrete-time model of months"),
}
_SCALES = {
    "cox": "hazard ratio",
    "cloglog": "hazard ratio (months)",
    "logit": "odds ratio",
}
_COUNTS = {
    "events": "events",
    "exposed_events": "of them exposed",
    "exposed_clusters": "exposed states with an event",
    "clusters": "states",
    "rows": "rows",
}
#: ratios are drawn up to this one, and its inverse
_FAR = 64.0
_MARKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def explorer_frames(found: Explored) -> dict[str, pd.DataFrame]:
    """The tables inside the page, by the name of their file.

    Examples
    --------
    >>> sorted(_FILES.values())
    ['explorer', 'explorer_joint', 'explorer_left']
    """
    return {_FILES[name]: getattr(found, name) for name in _FILES}


#: table of what was explored -> name of its file
_FILES = {"table": "explorer", "left": "explorer_left", "joint": "explorer_joint"}


def write_explorer(found: Explored, out: Path) -> list[Path]:
    """Write the page and its tables: ``explorer.html``, ``tables/explorer*.csv``.

    Returns
    -------
    list of Path
    """
    folder = output_folder(out)
    output_folder(folder / "tables")
    page = folder / "explorer.html"
    write_file(page, explorer_page(found, place=place_of(found.coalition), home="report.html"))
    written = [page]
    for name, frame in explorer_frames(found).items():
        written.append(folder / "tables" / f"{name}.csv")
        write_file(written[-1], _csv(frame))
    return written


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n"))


def explorer_page(found: Explored, *, place: str = "", made: str = "", home: str = "") -> str:
    """Write the page: everything inside, the tables as the bytes of their CSV files.

    Parameters
    ----------
    found : Explored
    place : str
        Where the coalition was; its name by default.
    made, home : str
        Of what it was made, and the address of the front page.

    Returns
    -------
    str
    """
    name = place or found.coalition
    lead = (
        f"{len(found.table):,} specifications of one finding: do members leave {name} more often "
        "when a national election is near? Switch a choice and see what it does. The address of "
        "the page holds the choices, so that it can be sent."
    )
    inner = (
        f'<main id="main" class="explorer">{_choices(found)}<div>{_result()}{_curve(found)}</div>'
        "</main>\n"
        f'<script type="application/json" id="held">{_held(found)}</script>\n'
    )
    foot = f"Made by coalition_models {__version__}; {found.how}."
    return document(
        f"Elections and exits: {name}", lead, inner, foot, made=made, home=home,
        styles=("page.css", "explorer.css"), scripts=("explorer.js",),
    )  # fmt: skip


def _held(found: Explored) -> str:
    """What the script reads, safe inside a page."""
    options = _options(found)
    known = found.table["ratio"].dropna()
    low, high = float(known.min()), float(known.max())
    limits = [max(min(low, 1 / 4), 1 / _FAR), min(max(high, 4), _FAR)]
    content = {
        "dimensions": list(options),
        "options": options,
        "titles": {name: _title(name) for name in options},
        "scales": _SCALES,
        "counts": list(_COUNTS),
        "edge": EDGE,
        "limits": [float(np.round(limit, 4)) for limit in limits],
        "marks": [mark for mark in _MARKS if limits[0] <= mark <= limits[1]],
        **{name: _csv(getattr(found, name)) for name in _FILES},
    }
    return json.dumps(content, ensure_ascii=False, indent=0).replace("<", "\\u003c")


def _options(found: Explored) -> dict[str, list[str]]:
    """Labels by dimension, the default first, as the CSV file writes them."""
    groups = found.choices.groupby("dimension", sort=False)["option"]
    return {str(name): [str(label) for label in labels] for name, labels in groups}


def _title(name: str) -> str:
    return _CHOICES.get(name, (name, ""))[0]


def _choices(found: Explored) -> str:
    fields, held = [], []
    for name, rows in found.choices.groupby("dimension", sort=False):
        title, asks = _CHOICES.get(str(name), (str(name), ""))
        if len(rows) == 1:
            held.append(f"{title}: {rows['option'].iloc[0]}")
            continue
        texts = rows[["option", "standing", "note"]].astype(str).to_numpy().tolist()
        radios = "".join(_radio(str(name), *row) for row in texts)
        fields.append(
            f"<fieldset><legend>{html.escape(title)}</legend>"
            f'<span class="asks">{html.escape(asks)}</span>{radios}</fieldset>'
        )
    fixed = f'<p class="asks">Held here: {html.escape("; ".join(held))}.</p>' if held else ""
    return (
        '<form id="choices" aria-label="Choices"><p>Beside each option: the ratio with it, all '
        f"else as chosen.</p>{''.join(fields)}{fixed}"
        '<button type="button" id="reset">Back to the default</button></form>\n'
    )


def _radio(name: str, option: str, standing: str, note: str) -> str:
    label = html.escape(option)
    more = [note, standing if standing != "equivalent" else ""]
    said = "; ".join(part for part in more if part)
    told = f'<span class="asks">{html.escape(said)}</span>' if said else ""
    return (
        f'<label><input type="radio" name="{html.escape(name)}" value="{label}">'
        f"<span>{label}{told}</span>"
        f'<span data-name="{html.escape(name)}" data-option="{label}"></span></label>'
    )


def _result() -> str:
    counts = "".join(
        f'<div><dt>{label}</dt><dd id="{name}"></dd></div>' for name, label in _COUNTS.items()
    )
    return (
        '<p id="unknown" role="alert"></p><noscript><p>This page needs JavaScript; '
        "tables/explorer.csv has every number.</p></noscript>"
        '<p id="missing"></p><div id="found">'
        '<section id="result" aria-live="polite"><h2>With these choices</h2>'
        '<p id="scale"></p><div id="ratio"></div><div id="interval"></div><p id="reason"></p>'
        "<dl>"
        '<div><dt>p, clustered</dt><dd id="p_value"></dd></div>'
        '<div><dt>score z</dt><dd id="z"></dd></div>'
        '<div><dt>p by exchange</dt><dd id="p_exchange"></dd></div>'
        '<div><dt>joint p, all specifications</dt><dd id="joint_p"></dd></div>'
        f'{counts}</dl><p id="standing"></p></section>\n'
        '<div class="two"><section><h2>What changed against the default</h2>'
        '<div id="changes"></div></section>\n'
        f"<section><h2>Who left</h2>{_scroll('Who left', 'leavers')}</section></div></div>\n"
    )


def _curve(found: Explored) -> str:
    files = "".join(
        f'<button type="button" data-file="{part}" data-name="{_FILES[part]}">{label} (CSV)'
        "</button> "
        for part, label in (
            ("table", "All specifications"), ("left", "Who left"), ("joint", "Joint tests"),
        )
    )  # fmt: skip
    lost = int(found.table["ratio"].isna().sum())
    return (
        "<section><h2>The curve</h2>"
        '<label class="walk">Walk along the curve <input type="range" id="walk" min="1" max="1" '
        'step="1" value="1"></label><div id="curve"></div>'
        "<p>Each dot is one specification, from the smallest ratio to the largest, with its 95% "
        "interval; blue: the score z lies beyond 1.96. Below, a line under each for the option of "
        "every choice. Orange: the one chosen; broken: the default. "
        f"{lost} of {len(found.table):,} have no estimate and no dot.</p></section>\n"
        "<section><h2>All together</h2><p>If elections had no effect in any specification, how "
        "often would all of them together look as they do? In every draw whole histories of "
        "elections are exchanged over states, once for all specifications "
        f"({html.escape(found.how)}). A line per option chosen: those that share it.</p>"
        f"{_scroll('Joint tests', 'joint')}</section>\n"
        f"<section><h2>The numbers</h2><p>{files}</p><p>They are those of tables/explorer.csv, "
        "tables/explorer_left.csv and tables/explorer_joint.csv beside this page. p by exchange: "
        "the share of the draws with a score z as large in size. The interval takes the states as "
        "clusters and is too narrow on average with so few events.</p></section></div>\n"
        '<p id="glance" aria-hidden="true"></p>'
    )


def _scroll(name: str, identity: str) -> str:
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}" id="{identity}"></div>'
    )
