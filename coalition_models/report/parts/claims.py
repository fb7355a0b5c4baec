"""The page on the literature's claims: one line per claim and data set, an honest verdict each."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coalition_models.about import __version__
from coalition_models.files import staging_folder
from coalition_models.hypotheses.analysis import HypothesisAnalysis
from coalition_models.hypotheses.listing import list_amendments, list_claims
from coalition_models.hypotheses.published import (
    published_findings,
    published_table,
    sensitivity_table,
    standing_line,
)
from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.hypotheses.rule import DECIDED
from coalition_models.render import Table, format_p, frame_table
from coalition_models.report.figures.style import Plot
from coalition_models.report.figures.verdicts import (
    forest_caption,
    plot_forest,
    plot_verdicts,
)
from coalition_models.report.html import Claim, Listing, Section, Shown
from coalition_models.report.part import HEADINGS, Page, Part, write_pages
from coalition_models.report.parts import contested
from coalition_models.report.parts._claims_tables import claims_table, meta_table
from coalition_models.report.parts.contested import contested_summary
from coalition_models.report.product import Product, sheets_of, write_product

__all__ = [
    "PART",
    "claims_findings",
    "claims_page",
    "claims_products",
    "write_claims",
]

#: a forest of fewer data sets says no more than the table
_FOREST_SETS = 3


def claims_products(analysis: HypothesisAnalysis) -> Product:
    """Make every table and figure on the claims.

    Returns
    -------
    Product
        ``claims, amendments, data_sets, verdicts, verdict_counts, power, untestable, meta,
        deviations, robustness, without_one``; figures ``verdicts`` and ``forest_*`` for claims with
        three data sets or more.
    """
    verdicts = analysis.verdicts
    table = verdicts.table
    claims = list_claims().reset_index()
    frames = {
        "claims": claims,
        "amendments": list_amendments(),
        "data_sets": verdicts.data_sets,
        "verdicts": table,
        "verdict_counts": verdicts.counts().reset_index(),
        "meta": verdicts.meta,
        "power": verdicts.power_frame(),
        "robustness": _joined(verdicts, "grid"),
        "without_one": _joined(verdicts, "without_one"),
        "published": published_findings(verdicts),
    }
    tables = {
        "claims": claims_table(claims),
        "amendments": _listed(frames["amendments"], "Amendments to the plan"),
        "data_sets": _listed(frames["data_sets"], "The data sets"),
        "verdicts": verdicts.to_table(),
        "power": verdicts.power_table(),
        "verdict_counts": frame_table(frames["verdict_counts"], title="Verdicts by data set"),
        "untestable": verdicts.untestable(),
        "meta": meta_table(verdicts),
        "deviations": verdicts.deviations(),
        "published": published_table(frames["published"]),
        "sensitivity": sensitivity_table(table),
    }
    figures = {"verdicts": plot_verdicts(verdicts)}
    figures |= {f"forest_{claim}": plot_forest(verdicts, claim) for claim in _forests(verdicts)}
    return Product(tables, frames, figures)


def _forests(verdicts: Verdicts) -> list[str]:
    """Claims that were tested on enough data sets for a forest."""
    sets = verdicts.claims_run()
    return [str(claim) for claim in sets.index[sets >= _FOREST_SETS]]


def _joined(verdicts: Verdicts, part: str) -> pd.DataFrame:
    """One part of the robustness of every cell, with the cell's claim and data set in front."""
    found = []
    for (claim, name), cell in verdicts.robustness.items():
        frame: pd.DataFrame = getattr(cell, part)
        found.append(frame.assign(claim=claim, data_set=name))
    if not found:
        return pd.DataFrame({"claim": [], "data_set": []})
    out = pd.concat(found, ignore_index=True)
    front = ["claim", "data_set"]
    return out[[*front, *(column for column in out.columns if column not in front)]]


def _listed(frame: pd.DataFrame, title: str) -> Table:
    """A frame of text and counts as a table."""
    right = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    header = [str(name).replace("_", " ") for name in frame.columns]
    align = "".join("r" if number else "l" for number in right)
    return Table(header, frame.astype(str).to_numpy().tolist(), title, align=align)


def claims_findings(verdicts: Verdicts) -> list[str]:
    """Say in words how many claims could be tested and what came of it."""
    table = verdicts.table
    tested = table[table["verdict"] != "untestable"]
    once = tested[tested["counted"]]
    counts = once["verdict"].value_counts()
    run = int((verdicts.claims_run() > 0).sum())
    decided = once[once["verdict"].isin(DECIDED)]
    able = int((once["reason"] == "").sum())
    sentences = [
        f"{run} of {table['claim'].nunique()} claims could be tested on the data at hand, in "
        f"{len(once)} distinct tests: {_verb(counts, 'supported', 'support')} the claim, "
        f"{_verb(counts, 'contradicted', 'contradict')} it, {counts.get('little effect', 0)} "
        f"with little effect, {counts.get('inconclusive', 0)} inconclusive.",
        f"Of the {able} tests that the rule lets decide {verdicts.expected_by_chance():.1f} would "
        "have a small p by chance if nothing had an effect, half of them against the claim.",
        *_apart(tested),
    ]
    if len(decided):
        left = decided[decided["strength"] == "outright"]
        sentences.append(
            f"Outright, with q below {verdicts.q:g} within the data set or on two sets that share "
            f"no events, {_listed_cells(left, len(decided))}."
        )
        if once["robust_specifications"].sum():
            half = decided[decided["robust_share"] > 0.5]
            sentences.append(
                "With the same sign and a small p in more than half of the specifications "
                f"{_listed_cells(half, len(decided))}."
            )
        hang = decided[~(decided["worst_p"] < 1 - verdicts.level)]
        sentences.append(
            f"Hanging on a single state, coalition or alliance, without which p is not small: "
            f"{len(hang)} of {len(decided)}."
        )
    sentences += _one_of_two(once, 1 - verdicts.level)
    sentences += _left_undecided(once, 1 - verdicts.level)
    combined = verdicts.meta[verdicts.meta["random_p"] < 1 - verdicts.level]
    if len(verdicts.meta):
        names = ", ".join(combined["claim"]) or "none"
        sentences.append(
            f"Combined over the data sets that can decide, {len(combined)} of "
            f"{len(verdicts.meta)} claims have a p below {1 - verdicts.level:.2g} with random "
            f"effects and Hartung and Knapp's limits ({names})."
        )
    return sentences


def _left_undecided(tested: pd.DataFrame, size: float) -> list[str]:
    """Tests with a small p that the rule does not let decide."""
    rows = tested[(tested["reason"] != "") & (tested["p_value"] < size)]
    if rows.empty:
        return []
    cells = [
        f"{row['claim']} on {row['data_set']} (expected {row['sign']}, ratio "
        f"{format_ratio(row['ratio'])}, p {format_p(row['p_value'])}; {row['reason']})"
        for row in rows.to_dict("records")
    ]
    return [
        f"The rule leaves {len(rows)} more with a small p undecided, by an amendment made after "
        f"results had been seen: {'; '.join(cells)}."
    ]


def _one_of_two(once: pd.DataFrame, size: float) -> list[str]:
    """Tests on which CR3 and the wild bootstrap do not agree."""
    small = once[["p_jackknife", "p_wild"]] < size
    rows = once[(once["reason"] == "") & (small.sum(axis=1) == 1)]
    if rows.empty:
        return []
    cells = [
        f"{row['claim']} on {row['data_set']} (CR3 {format_p(row['p_jackknife']) or 'none'}, wild "
        f"{format_p(row['p_wild']) or 'none'})"
        for row in rows.to_dict("records")
    ]
    return [f"Small by one of the two tests only, and so not decided: {'; '.join(cells)}."]


def _apart(tested: pd.DataFrame) -> list[str]:
    """Tests on an article's own cases, which are no new evidence."""
    rows = tested[(tested["own_cases"] != "") & (tested["same_as"] == "")]
    return [
        f"Not counted, since they are estimated again on the cases of {cases}: "
        f"{'; '.join((part['claim'] + ' ' + part['verdict']).tolist())}."
        for cases, part in rows.groupby("own_cases", sort=False)
    ]


def _verb(counts: pd.Series, verdict: str, verb: str) -> str:
    number = int(counts.get(verdict, 0))
    return f"{number} {verb}{'s' if number == 1 else ''}"


def _listed_cells(rows: pd.DataFrame, of: int) -> str:
    if rows.empty:
        return f"none is left (of {of})"
    cells = [
        f"{row['name']} ({row['claim']} on {row['data_set']}, {row['verdict']})"
        for row in rows.to_dict("records")
    ]
    return f"{len(rows)} of {of} remain{'s' if len(rows) == 1 else ''}: {'; '.join(cells)}"


def _matrix(analysis: HypothesisAnalysis, product: Product) -> tuple[Plot, str]:
    caption = (
        "Claims by data sets. Inconclusive does not mean no effect: with few events only large "
        "effects could have been found."
    )
    return product.figures["verdicts"], caption


def claims_page(analysis: HypothesisAnalysis, product: Product) -> Page:
    """Make the page on the claims."""
    tables = product.tables
    verdicts = analysis.verdicts
    sections = [
        Section(
            "What was found",
            [
                Listing([Claim(text, _behind(verdicts)) for text in claims_findings(verdicts)]),
                tables["verdict_counts"],
                _matrix(analysis, product),
            ],
        ),
        Section(
            "How the verdicts are given",
            [
                verdicts.rule,
                "Measures, signs, controls and estimators stand in a file of the package whose "
                "first version is older than the code of the tests; what was changed since, mostly "
                "after results had been seen, is listed as amendments, dated, with the reason as "
                "far as one was recorded. A measure or an outcome that only stands for "
                "what the claim is about is marked as a proxy. What a data set could not follow "
                "is listed as deviations. What was seen of each article stands with the claims: "
                "mostly abstracts and replication scripts, so that a published finding may differ "
                "from how it is put here.",
                tables["data_sets"],
                tables["amendments"],
            ],
        ),
        Section("Which published finding holds", [tables["published"]]),
        Section(
            "Every test", [tables["verdicts"], tables["sensitivity"], *_if_any(tables["power"])]
        ),
        Section("Several data sets together", _together(verdicts, product)),
        Section("Contested claims", contested_summary(analysis)),
        Section("What could not be tested, and what it takes", [tables["untestable"]]),
        Section("The claims", [tables["claims"]]),
        Section("Deviations", [tables["deviations"]]),
    ]
    return Page(
        "report.html",
        "What the literature claims, and what these data say",
        "One line per claim on why states leave military coalitions and per data set that can "
        "speak to it.",
        sections,
        analysis.sources,
    )


def _behind(verdicts: Verdicts) -> list[tuple[str, str]]:
    """Where the rows behind what is said of the claims stand."""
    together = [] if verdicts.meta.empty else [("together", "#table-meta")]
    return [
        ("tests", "#table-verdicts"),
        ("counts", "#table-verdict_counts"),
        *together,
        ("sources", "#sources"),
    ]


def _if_any(table: Table) -> list[Shown]:
    return [table] if table.rows else []


def _together(verdicts: Verdicts, product: Product) -> list[Shown]:
    parts: list[Shown] = [product.tables["meta"]]
    if verdicts.meta.empty:
        parts = ["No claim was tested on two data sets that can decide."]
    for claim in _forests(verdicts):
        plot = product.figures[f"forest_{claim}"]
        parts.append((plot, f"Claim {claim} {forest_caption(plot.data)}"))
    return parts


def write_claims(out: Path, analysis: HypothesisAnalysis) -> list[Path]:
    """Write the pages, tables and figures on the claims into a folder, all together or not at all.

    Parameters
    ----------
    out : Path
        Folder; made if needed.
    analysis : HypothesisAnalysis

    Returns
    -------
    list of Path
        The files written: ``report.html``, ``contested_*.html``, ``tables/*`` (CSV, Markdown,
        LaTeX), ``figures/*`` (SVG, PNG).

    Raises
    ------
    DataError
        If the folder cannot be written.
    """
    foot = (
        f"Made by coalition_models {__version__}; the folders tables and figures beside this page "
        "have all numbers."
    )
    with staging_folder(out, ("tables", "figures")) as staging:
        for part in (PART, contested.PART):
            product = part.product(analysis)
            write_product(staging, product)
            pages = part.pages(analysis, product)
            write_pages(staging, pages, foot, sheets=sheets_of(product))
        names = sorted(p.relative_to(staging) for p in staging.rglob("*") if p.is_file())
    return [out / name for name in names]


def _standing(verdicts: Verdicts) -> Claim:
    links = [("each finding", "report.html#table-published"),
             ("each test", "report.html#table-verdicts"),
             ("under other choices", "report.html#table-sensitivity")]  # fmt: skip
    return Claim(standing_line(verdicts), links)


def _about(analysis: HypothesisAnalysis) -> str:
    return claims_findings(analysis.verdicts)[0]


PART = Part(
    name="claims",
    title="What the literature claims",
    order=30,
    analyse=contested.tested_claims,
    about=_about,
    product=claims_products,
    pages=lambda analysis, product: [claims_page(analysis, product)],
    sources=lambda analysis: analysis.sources,
    folder="hypotheses",
    lines=lambda analysis: [(HEADINGS[1], _standing(analysis.verdicts))],
)
