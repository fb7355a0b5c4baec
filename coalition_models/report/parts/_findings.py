"""What the first look found, in words, by one yardstick: the jackknife."""

from __future__ import annotations

from coalition_models.designs.first_look import FirstLook
from coalition_models.errors import CoalitionError
from coalition_models.inference.variances import with_variance
from coalition_models.models.fit import Fit
from coalition_models.report.html import Claim, Listing

__all__ = ["careful_fits", "findings", "findings_listed"]

_MEANING = {
    "election_near": "a national election at most six months away",
    "leader_change": "a leader at most six months in office",
    "log_deaths_12m": "own deaths in the last twelve months, log(1 + n)",
    "combat_role": "the contingent's main task is combat",
}


def careful_fits(look: FirstLook) -> dict[str, Fit]:
    """The fits under the jackknife, the one yardstick of text, table and figure.

    If any has none, all stay as they are, so that they can be compared.
    """
    try:
        return {name: with_variance(fit, "jackknife") for name, fit in look.fits.items()}
    except CoalitionError:
        return dict(look.fits)


def findings(look: FirstLook, level: float = 0.05) -> list[str]:
    """Say in words what the main model shows and what it cannot, by the jackknife."""
    main = look.main
    if main is None:
        return ["No model could be estimated."]
    fit = next(iter(careful_fits(look).values()))
    rows = fit.tidy(exponentiate=True).set_index("term")
    smallest = look.precision().set_index("term")["smallest_ratio"]
    how = "leaving out one state at a time" if fit is not main else "clustered"
    sentences = []
    for name, row in rows.iterrows():
        term = str(name)
        meaning = f" ({_MEANING[term]})" if term in _MEANING else ""
        clear = "distinguishable" if row["p_value"] < level else "not distinguishable"
        sentences.append(
            f"{term}{meaning}: {look.ratio.replace('_', ' ')} {row['estimate']:.2f} "
            f"({row['conf_low']:.2f} to {row['conf_high']:.2f}), {clear} from one (p "
            f"{row['p_value']:.3f}, {how}). With {main.counts.events} exits an effect had to "
            f"reach {smallest[term]:.1f} or {1 / smallest[term]:.2f} to be found with 80% power."
        )
    return sentences


def findings_listed(look: FirstLook, prefix: str = "") -> Listing:
    """The findings, each with its rows and sources."""
    links = [
        ("estimates", f"#table-{prefix}coefficients"),
        ("picture", f"#figure-{prefix}coefficients"),
        ("precision", f"#table-{prefix}precision"),
        ("exits", f"#table-{prefix}exits"),
        ("sources", "#sources"),
    ]
    if look.main is None:
        return Listing(findings(look))
    return Listing([Claim(sentence, links) for sentence in findings(look)])
