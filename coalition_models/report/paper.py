"""The paper: a text whose every number and table comes from the analysis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from coalition_models.designs.first_look import FirstLook
from coalition_models.errors import DataError, first_few
from coalition_models.render import format_p
from coalition_models.report.parts.first_look import contested, findings
from coalition_models.report.periods import in_words, mandate_end
from coalition_models.report.product import Product
from coalition_models.sources.citations import cite
from coalition_models.sources.literature import article

__all__ = ["fill", "paper_text", "paper_values", "template_path"]

#: works that the text names
_CITED = ("mcinnis_2020", "pilster_boehmelt_tago_2015", "tago_2009")
_SLOT = re.compile(r"\{\{([^{}]*)\}\}")


def template_path() -> Path:
    """Where the paper's own text lies: inside an installed package, or in the repository.

    Examples
    --------
    >>> template_path().name
    'paper.md'
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_paper", package.parent / "paper"):
        if (candidate / "paper.md").is_file():
            return candidate / "paper.md"
    raise DataError(
        "the paper's text is missing: expected paper.md in coalition_models/_paper (installed) or "
        "paper/ (repository); install the package again"
    )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the slots ``{{name}}`` of a text.

    Raises
    ------
    DataError
        If a slot has no value; every unknown name is listed.

    Examples
    --------
    >>> fill("{{events}} exits", {"events": "21"})
    '21 exits'
    """
    slots = list(dict.fromkeys(_SLOT.findall(text)))
    unknown = [name for name in slots if name not in values]
    if unknown:
        raise DataError(
            f"the text asks for values that the analysis does not give: {first_few(unknown)}; "
            f"known: {', '.join(values)}"
        )
    return _SLOT.sub(lambda slot: values[slot.group(1)], text)


def paper_values(analysis: FirstLook, product: Product) -> dict[str, str]:
    """Every value and table that the paper may name."""
    counts = analysis.counts.iloc[0]
    main = analysis.fits["Cox"]
    early, others = contested(analysis.members)
    if analysis.proportional is None:
        raise DataError("the analysis has no test of proportional hazards, which the paper reports")
    test = analysis.proportional.table
    values = {
        "states": str(counts["states"]),
        "spells": str(counts["spells"]),
        "events": str(counts["events"]),
        "rows": str(counts["rows"]),
        "first": f"{counts['first']:%B %Y}",
        "last": f"{counts['last']:%B %Y}",
        "mandate_end": in_words(mandate_end()),
        "early_contested": str(early),
        "other_contested": str(others),
        "rows_dropped": str(main.counts.rows_given - main.counts.rows),
        "clusters": str(main.counts.clusters[0]),
        "formula": analysis.formula,
        "ph_p": format_p(float(test["p_value"].iloc[-1])),
        "findings": "\n".join(f"- {line}" for line in findings(analysis)),
        "references": "\n".join(f"- {article(key).reference}" for key in _CITED),
        "sources": "\n".join(f"- {line}" for line in cite(*main.sources).text.splitlines()),
    }
    tables = {f"table:{name}": table.markdown() for name, table in product.tables.items()}
    return values | tables


def paper_text(template: str, analysis: FirstLook, product: Product) -> str:
    """Fill the paper's template with the analysis."""
    return fill(template, paper_values(analysis, product))
