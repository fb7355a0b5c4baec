"""What each part says of a finding, and what turns it: sentences made from the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from coalition_models.errors import counted, first_few
from coalition_models.inference.exposure import FEWEST_EXPOSED
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.render import format_p
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.finding import Finding
from coalition_models.sensitivity.leaving_out import FewestEvents
from coalition_models.sensitivity.rebuilding import LEVEL, verdict
from coalition_models.sensitivity.scales import SCORE, scale_of, z_of

__all__ = ["SAYS", "TURNS", "opening", "ratio_words", "tells_choices"]

_NONE = "not estimated"
#: share of draws below which a verdict is said to turn
_SURE = 0.95


def ratio_words(estimate: float) -> str:
    """A ratio from its logarithm, in three digits.

    Examples
    --------
    >>> ratio_words(0.0), ratio_words(float("inf")), ratio_words(float("nan"))
    ('1', 'infinite', 'not estimated')
    """
    if np.isnan(estimate):
        return "not estimated"
    if np.isinf(estimate) or abs(estimate) > 12:
        return "infinite" if estimate > 0 else "0"
    return f"{np.exp(estimate):.3g}"


def _limits(low: float, high: float) -> str:
    return f"{ratio_words(low)} to {ratio_words(high)}"


def opening(finding: Finding) -> str:
    """The finding itself: ratio with limits, exposed events, and whether these are enough.

    Examples
    --------
    >>> from coalition_models.sensitivity.finding import finding_of
    >>> opening(finding_of("iraq", "election_near"))[:54]
    'Election within six months has a hazard ratio of 0.824'
    """
    found = finding.found
    scale, judged = scale_of(finding.spec.record), z_of(finding.spec.record)
    clusters = f"{found['clusters']:.0f} {(finding.spec.cluster or ('cluster',))[0]}s"
    events = f"{found['events']:.0f} events in {found['rows']:.0f} rows of {clusters}"
    if np.isnan(found["estimate"]):
        why = str(found["note"]).partition(". ")[0]
        said = f"{finding.called} has no finite {scale} ({why}); its {judged} by cluster is "
        said += f"{found['z_by_cluster']:.2f}, with {events}"
    else:
        said = (
            f"{finding.called} has a {scale} of {ratio_words(found['estimate'])} (95% "
            f"{_limits(found['conf_low'], found['conf_high'])}, p {format_p(found['p_value'])}), "
            f"with {events}"
        )
    exposed = found["exposed_events"]
    if np.isnan(exposed):
        return f"{said}."
    few = min(exposed, found["exposed_clusters"]) < FEWEST_EXPOSED
    caution = (
        f", fewer than {FEWEST_EXPOSED}, so that no test by clusters is to be trusted"
        if few
        else ""
    )
    return (
        f"{said}; {exposed:.0f} of the events are exposed, in "
        f"{counted(int(found['exposed_clusters']), 'cluster')}{caution}."
    )


def tells_choices(curve: SpecCurve) -> bool:
    """Whether there are three specifications or more for each option, so that shares mean much.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity import Dimension, spec_curve
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> ties = Dimension("ties", {t: lambda s, t=t: s.respecify(ties=t)
    ...                           for t in ("efron", "breslow")})
    >>> tells_choices(spec_curve(spec, "risk", [ties], panel=panel))
    False
    """
    known = curve.alike[curve.alike["estimate"].notna()]
    options = sum(len(known[name].unique()) - 1 for name in curve.dimensions)
    return len(known) >= 3 * (options + 1)


def _curve(curve: SpecCurve, finding: Finding) -> str:
    told = curve.summary
    judged = "the score z" if curve.statistic == SCORE else "Wald's z"
    lost = told["without_estimate"]
    lost_words = f" ({lost:.0f} without an estimate)" if lost else ""
    apart = f", {told['other_scale']:.0f} of them on other scales," if told["other_scale"] else ""
    moving = curve.variation if tells_choices(curve) else curve.variation.head(0)
    moved = moving.iloc[0] if len(moving) else None
    said = (
        f"Over {told['specifications']:.0f} specifications{lost_words} of {len(curve.dimensions)} "
        f"choices{apart} the median {curve.scale}{' of the rest' if apart else ''} is "
        f"{told['median_ratio']:.3g}, and {judged} lies above 1.96 in "
        f"{told['share_significant_above']:.0%} and below -1.96 in "
        f"{told['share_significant_below']:.0%}"
    )
    if moved is not None and np.isfinite(moved["share"]):
        said += f"; {moved['choice']} moves it most ({moved['share']:.0%} of the variance)"
    if curve.joint is not None:
        p = dict(curve.joint.table[["statistic", "p_value"]].to_numpy().tolist())
        name, value = next(iter(p.items()))
        said += f"; all together, the {name} has p {format_p(float(value))}"
    return f"{said}."


def _curve_turns(curve: SpecCurve, finding: Finding) -> str | None:
    """How many specifications say otherwise, by the score."""
    own, z = float(finding.found["z"]), curve.z_alike
    if not np.isfinite(own) or z.empty:
        return None
    other = {
        "sign": float((z * own < 0).mean()),
        "significance": float(((z.abs() > EDGE) != (abs(own) > EDGE)).mean()),
    }
    told = [f"{share:.0%} of the specifications for the {turn}"
            for turn, share in other.items() if share > 0]  # fmt: skip
    return " and ".join(told)


def _leave_out(found: pd.DataFrame, finding: Finding) -> str:
    rest = found[found["by"] != ""]
    *some, last = dict.fromkeys(rest["by"])
    by = f"{', '.join(some)} or {last}" if some else last
    known = rest.dropna(subset=["estimate"])
    said = f"Leaving out one {by} at a time ({len(rest)} refits)"
    if known.empty:
        return f"{said} gives no estimate."
    far = known.sort_values("estimate", kind="stable")
    ends = [far.iloc[0], far.iloc[-1]]
    lost = len(rest) - len(known)
    lost_words = f"; {counted(lost, 'refit has', '', '')} no estimate" if lost == 1 else (
        f"; {lost} refits have no estimate" if lost else "")  # fmt: skip
    spread = " and ".join(
        f"{ratio_words(float(one['estimate']))} (without {one['left_out']})" for one in ends
    )
    return f"{said} the ratio lies between {spread}{lost_words}."


def _leave_out_turns(found: pd.DataFrame, finding: Finding) -> str:
    names = found.loc[found["turns"], "left_out"].tolist()
    return f"{counted(len(names), 'single omission')} ({first_few(names, 4)})" if names else ""


def _fewest(found: FewestEvents, finding: Finding) -> str:
    if found.count is None:
        return (
            f"No set of up to {len(found.path)} events that was looked at turns the significance "
            f"of its score (z {found.z:.2f})."
        )
    way = "no fewer do" if found.exact else "found one by one"
    return (
        f"Without {counted(found.count, 'event')} ({first_few(found.events, 4)}) its score crosses "
        f"1.96, from z {found.z:.2f} to {found.z_without:.2f} ({way})."
    )


def _fewest_turns(found: FewestEvents, finding: Finding) -> str:
    return "" if found.count is None else f"{counted(found.count, 'event')} left out"


def _redated(found: Any, finding: Finding) -> str:
    said = (
        f"With exits by the other date (announced or main), {counted(found.differ, 'member')} "
        f"differ and z goes from {found.z:.2f} to {found.z_other:.2f}"
    )
    if found.count is None:
        return f"{said}; no set of members that was looked at turns it."
    names = first_few(found.members, 4)
    return f"{said}; {counted(found.count, 'member')} so dated turn it ({names})."


def _redated_turns(found: Any, finding: Finding) -> str:
    return "" if found.count is None else f"{counted(found.count, 'exit')} dated otherwise"


def _resample(found: Any, finding: Finding) -> str:
    share = found.shares.sort_values(ascending=False, kind="stable")
    words = f"; {share.iloc[0]:.0%} of the samples are {share.index[0]}" if len(share) else ""
    return (
        f"In {counted(len(found.draws), 'sample')} of the clusters the ratio lies between "
        f"{ratio_words(found.conf_low)} and {ratio_words(found.conf_high)} ({found.interval} "
        f"limits){words}."
    )


def _own_verdict(finding: Finding) -> str:
    return verdict(float(finding.found["estimate"]), float(finding.found["p_value"]))


def _shares_turn(shares: pd.Series, finding: Finding, what: str) -> str | None:
    """Where fewer than 95 in 100 draws say what the finding says."""
    if _own_verdict(finding) == _NONE:
        return None
    missing = shares.get(_NONE, 0.0)
    among = f"{what} ({missing:.0%} have no estimate)" if missing else what
    return _other(1 - float(shares.get(_own_verdict(finding), 0.0)), among)


def _other(share: float, what: str) -> str:
    return "" if share <= 1 - _SURE else f"{share:.0%} of {what}"


def _draws_turn(draws: pd.DataFrame, shares: pd.Series, finding: Finding, what: str) -> str | None:
    """The same; by the score, which always exists, where the finding itself has no estimate."""
    if _own_verdict(finding) != _NONE:
        return _shares_turn(shares, finding, what)
    own, z = float(finding.found["z_by_cluster"]), draws["z_by_cluster"].dropna()
    if not np.isfinite(own) or z.empty:
        return None
    same = (np.sign(z) == np.sign(own)) & ((z.abs() > EDGE) == (abs(own) > EDGE))
    return _other(1 - float(same.mean()), what)


def _worlds(found: Any, what: str) -> str:
    said = f"Over {counted(len(found.draws), 'world')} of {what}"
    if found.combined is None:
        return f"{said} fewer than two could be estimated."
    one = found.combined
    return (
        f"{said} the ratio is {ratio_words(one.estimate)} (p {format_p(one.p_value)}); what is "
        f"not known of them is {one.missing_information:.0%} of its variance"
    )


def _dates(found: Any, finding: Finding) -> str:
    said = _worlds(found, "dates")
    if said.endswith("."):
        return said
    moving = found.dates[found.dates["swing"] > 0] if "swing" in found.dates else found.dates
    if len(moving) and "swing" in moving:
        first = moving.iloc[0]
        said += f"; the {first['date']} of {first['spell']} matters most"
    return f"{said}."


def _codings(found: Any, finding: Finding) -> str:
    said = _worlds(found, "codings")
    if said.endswith("."):
        return said
    ends = found.cases["estimate"].dropna()
    if len(ends):
        said += f"; the contested spells alone move it between {_ends(ends)}"
    return f"{said}."


def _ends(values: pd.Series) -> str:
    return f"{ratio_words(float(values.min()))} and {ratio_words(float(values.max()))}"


def _codings_turn(found: Any, finding: Finding) -> str | None:
    known = found.tipping[found.tipping["recoded"].notna()]
    told = [
        f"{counted(int(row['recoded']), 'spell')} recoded ({row['way']})"
        for row in known.to_dict("records")
    ]
    drawn = _draws_turn(found.draws, found.verdicts, finding, "drawn codings")
    if drawn is None and not told:
        return None
    return " or ".join([*told, *([drawn] if drawn else [])])


def _confounding(found: Any, finding: Finding) -> str:
    grid = found.grid.dropna(subset=["ratio"])
    if grid.empty:
        return "No simulated cause could be fitted."
    far = grid.loc[(np.log(grid["ratio"]) - np.log(found.ratio)).abs().idxmax()]
    said = (
        f"An unmeasured cause of {far['exposed']:.0%} of exposed and {far['unexposed']:.0%} of "
        f"other rows that multiplies the hazard by {far['strength']:g} would leave "
        f"{far['ratio']:.3g}"
    )
    return f"{said} of {found.ratio:.3g}."


def _confounding_turns(found: Any, finding: Finding) -> str:
    grid = found.grid.dropna(subset=["ratio"])
    across = (np.log(grid["ratio"]) * np.log(found.ratio) < 0).sum()
    return f"{across} of {len(grid)} simulated causes" if across else ""


def _e_value(found: Any, finding: Finding) -> str:
    limit = (
        "its interval holds 1 already" if found.limit == 1 else
        f"{found.limit:.2f} for the limit" if np.isfinite(found.limit) else "no limit"
    )  # fmt: skip
    return f"Its E-value is {found.point:.2f} ({limit})."


def _rosenbaum(found: Any, finding: Finding) -> str:
    p = float(found.table["p_value"].iloc[0])
    first = (
        f"Matched on the day, without covariates, {found.direction} events among the exposed have "
        f"p {format_p(p)}"
    )
    if found.gamma <= 1:
        return f"{first} without any hidden bias."
    edge = f"Gamma {found.gamma:.2f}" if np.isfinite(found.gamma) else "no Gamma"
    return f"{first}; it passes {found.level:g} at {edge}."


def _own_summary(found: Any, finding: Finding) -> str:
    return finding.in_words(cast("str", found.summary))


def _randomise_turns(found: Any, finding: Finding) -> str | None:
    own = float(finding.found["p_value"])
    if not (np.isfinite(own) and np.isfinite(found.p_value)):
        return None
    return "calendars drawn anew" if (own < LEVEL) != (found.p_value < LEVEL) else ""


def _placebo_turns(found: Any, finding: Finding) -> str:
    tests = found.table[(found.table["kind"] != "finding") & (found.table["p_value"] < LEVEL)]
    return f"{counted(len(tests), 'placebo test')} that found something" if len(tests) else ""


def _form_turns(found: Any, finding: Finding) -> str | None:
    return _tables_turn(found.table, "form", finding)


def _timing_turns(found: Any, finding: Finding) -> str | None:
    return _tables_turn(found.table, "timing", finding)


def _tables_turn(table: pd.DataFrame, name: str, finding: Finding) -> str | None:
    known = table.dropna(subset=["estimate", "p_value"])
    own = _own_verdict(finding)
    if own == _NONE or known.empty:
        return None
    other = [
        str(row[name]) + (f" ({row['clock']})" if "clock" in row else "")
        for row in known.to_dict("records")
        if verdict(float(row["estimate"]), float(row["p_value"])) != own
    ]
    return f"{name} {first_few(other, 3)}" if other else ""


Say = Callable[[Any, Finding], str]
Turn = Callable[[Any, Finding], str | None]

#: part -> its sentence
SAYS: Mapping[str, Say] = {
    "curve": _curve,
    "leave_out": _leave_out,
    "fewest_events": _fewest,
    "fewest_redated": _redated,
    "resample": _resample,
    "dates": _dates,
    "codings": _codings,
    "confounding": _confounding,
    "e_value": _e_value,
    "rosenbaum": _rosenbaum,
    "randomise": _own_summary,
    "placebos": _own_summary,
    "missing": _own_summary,
    "functional_form": _own_summary,
    "reverse_timing": _own_summary,
    "value_of_information": _own_summary,
}

#: part -> what turns the sign or the significance there: nothing, or None where it cannot tell
TURNS: Mapping[str, Turn] = {
    "curve": _curve_turns,
    "leave_out": _leave_out_turns,
    "fewest_events": _fewest_turns,
    "fewest_redated": _redated_turns,
    "resample": lambda r, f: _shares_turn(r.shares, f, "samples of clusters"),
    "dates": lambda r, f: _draws_turn(r.draws, r.verdicts, f, "drawn dates"),
    "codings": _codings_turn,
    "confounding": _confounding_turns,
    "randomise": _randomise_turns,
    "placebos": _placebo_turns,
    "missing": lambda r, f: _draws_turn(r.draws, r.verdicts, f, "completed panels"),
    "functional_form": _form_turns,
    "reverse_timing": _timing_turns,
}
