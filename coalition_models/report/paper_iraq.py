"""The paper's numbers, tables and figures on who left the coalition in Iraq."""

from __future__ import annotations

from dataclasses import replace

from coalition_models.designs.first_look import FirstLook
from coalition_models.errors import DataError
from coalition_models.models.fit import Fit
from coalition_models.models.term_labels import term_labels
from coalition_models.record import sources_of
from coalition_models.render import Table, format_p
from coalition_models.report.paper import Material
from coalition_models.report.parts.first_look import contested
from coalition_models.report.periods import in_words, mandate_end
from coalition_models.report.product import Product
from coalition_models.report.tables import table
from coalition_models.sources.literature import article

__all__ = ["iraq_material"]

_VARIANCES = ("cluster", "jackknife", "wild")


def iraq_material(look: FirstLook, product: Product) -> Material:
    """What the paper may say of the coalition in Iraq."""
    main = look.main
    if main is None or look.proportional is None:
        raise DataError("the set of Iraq has no model, which the paper reports")
    counts = look.counts.iloc[0]
    early, others = contested(look.members)
    models = _models(main)
    values = {
        "states": str(counts["states"]),
        "spells": str(counts["spells"]),
        "events": str(counts["events"]),
        "rows": f"{counts['rows']:,}",
        "first": f"{counts['first']:%B %Y}",
        "last": f"{counts['last']:%B %Y}",
        "mandate_end": in_words(mandate_end()),
        "early_contested": str(early),
        "other_contested": str(others),
        "rows_dropped": str(main.counts.rows_given - main.counts.rows),
        "clusters": str(main.counts.clusters[0]),
        "ph_p": format_p(float(look.proportional.table["p_value"].iloc[-1])),
        "book": article("mcinnis_2020").short,
        **_careful(models),
        **_detectable(look),
    }
    figures = {
        "participation": (
            product.figures["participation"],
            "Contingents in Iraq from entry to the end of the main force, by how their "
            "participation ended.",
        ),
        "survival": (
            product.figures["survival"],
            "Still in the coalition, by months since a contingent's entry: Kaplan-Meier estimate "
            "with its 95% band; whoever did not leave early is censored.",
        ),
    }
    return Material(values, {"models": models, "power": _power(look, main)}, figures,
                    sources_of(look.panel))  # fmt: skip


def _models(main: Fit) -> Table:
    """The main model under three variances; what the heading says is not said again."""
    found = table(
        main,
        variances=_VARIANCES,
        hazard_ratios=True,
        making=False,
        digits=2,
        glance=("events", "members", "clusters", "rows"),
        title="What goes with leaving early in Iraq: one Cox model, hazard ratios under three "
        "tests",
    )
    labels = [one.words for one in term_labels(main).values()]
    doubts = [
        part
        for note in found.notes
        for part in note.split(": ", 1)[-1].split(". ")
        if any(part.startswith(f"{words}: ") for words in labels)
    ]
    degrees = main.counts.clusters[0] - 1
    notes = [
        "Cells: hazard ratio (p-value), below it the 95% interval. Efron's ties; clustered by "
        f"state; jackknife over states (CR3) with Student's t of {degrees} degrees of freedom; "
        "wild cluster bootstrap of the score, which has p-values only. Members are spells, rows "
        "member-months.",
        *([f"Wild bootstrap: {'; '.join(part.rstrip('.') for part in doubts)}."] if doubts else []),
    ]
    return replace(found, notes=notes)


def _careful(models: Table) -> dict[str, str]:
    """Which terms the two tests that hold with few clusters let one tell from nothing."""
    data = models.to_frame()
    careful = data[data["column"] != "clustered"]
    worst = careful.groupby("label", sort=False)["p_value"].max()
    plain = data[data["column"] == "clustered"].set_index("label")["p_value"]
    kept = worst[worst < 0.05].index.tolist()
    lost = [name for name in plain[plain < 0.05].index if name not in kept]
    return {
        "terms": str(len(worst)),
        "kept": " and ".join(kept) if kept else "none of them",
        "small_clustered": str(int((plain < 0.05).sum())),
        "lost": " and ".join(lost) if lost else "none",
    }


def _detectable(look: FirstLook) -> dict[str, str]:
    smallest = look.precision()["smallest_ratio"]
    return {
        "smallest_ratio": f"{smallest.min():.1f}",
        "largest_smallest_ratio": f"{smallest.max():.1f}",
    }


def _power(look: FirstLook, main: Fit) -> Table:
    labels = term_labels(main)
    rows = [
        [labels[str(row["term"])].words, f"{row[look.ratio]:.2f}", f"{row['smallest_ratio']:.1f}",
         f"{1 / row['smallest_ratio']:.2f}"]
        for row in look.precision().to_dict("records")
    ]  # fmt: skip
    return Table(
        ["", "Estimated", "Found if above", "or below"],
        rows,
        "Hazard ratios that the data in Iraq would have shown",
        (
            "The smallest hazard ratio above one, and the largest below it, found with 80% power "
            "at the 5% level with the jackknife's standard errors.",
        ),
    )
