"""The parts of a sensitivity analysis of one finding, in one list: what each needs, how it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pandas as pd

from coalition_models.errors import DataError, gathered
from coalition_models.features.registry import registered
from coalition_models.models.sample.grammar import read_formula
from coalition_models.models.sample.sides import event_of
from coalition_models.sensitivity.curve import spec_curve
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.e_values import e_value_of
from coalition_models.sensitivity.finding import Finding
from coalition_models.sensitivity.finding_choices import crossing_for, of_elections
from coalition_models.sensitivity.finding_part import How, Looked, PartOf, look
from coalition_models.sensitivity.forms import functional_form
from coalition_models.sensitivity.hidden_bias import rosenbaum_bounds
from coalition_models.sensitivity.hidden_confounder import confounding
from coalition_models.sensitivity.imputing import missing
from coalition_models.sensitivity.leaving_out import fewest_events, leave_out
from coalition_models.sensitivity.placebo_tests import placebos
from coalition_models.sensitivity.randomising import randomise
from coalition_models.sensitivity.redating import fewest_redated
from coalition_models.sensitivity.resampling import resample
from coalition_models.sensitivity.scales import scored
from coalition_models.sensitivity.timing_tests import reverse_timing
from coalition_models.sensitivity.uncertain_codings import coding_uncertainty
from coalition_models.sensitivity.uncertain_dates import date_uncertainty
from coalition_models.sensitivity.worth_checking import value_of_information

__all__ = ["PARTS", "look_at", "part_named"]

_KEY = ("coalition", "state", "spell", "period")


def look_at(
    finding: Finding, how: How, names: Sequence[str] | None = None, *, strict: bool = False
) -> Iterator[Looked]:
    """Run parts one after the other, in the order of the list.

    Parameters
    ----------
    names : sequence of str, optional
        Which; all by default.
    strict : bool
        Whether one that does not apply is refused.
    """
    asked = None if names is None else {part_named(name).name for name in names}
    strange = [name for name in how.more if name not in {part.name for part in PARTS}]
    if strange:
        part_named(strange[0])
    done: dict[str, Looked] = {}
    for part in PARTS:
        if asked is None or part.name in asked:
            done[part.name] = look(part, finding, how, done=done, strict=strict)
            yield done[part.name]


def part_named(name: str) -> PartOf:
    """Look a part up.

    Raises
    ------
    DataError
        No part of that name.

    Examples
    --------
    >>> part_named("curve").title
    'Choices of the analyst'
    """
    for part in PARTS:
        if part.name == name:
            return part
    raise DataError(f"no part {name!r}; there are {', '.join(one.name for one in PARTS)}")


def _nothing(finding: Finding) -> str:
    return ""


def _facts(finding: Finding) -> str:
    return f"needs facts that can be rebuilt: {finding.fixed}" if finding.facts is None else ""


def _members(finding: Finding) -> str:
    lacking = [
        name
        for name in (*_KEY, event_of(finding.spec.formula))
        if name not in finding.panel.columns
    ]
    return f"needs rows with {', '.join(lacking)}" if lacking else ""


def _two_values(finding: Finding) -> str:
    return "" if finding.two_valued else "needs a term that is a column of 0 and 1"


def _ratio(finding: Finding) -> str:
    ratios = ("hazard ratio", "odds ratio")
    if finding.spec.record.ratio not in ratios:
        return f"needs a model of {' or '.join(f'{one}s' for one in ratios)}"
    return ""


def _scored(finding: Finding) -> str:
    if scored(finding.spec.record):
        return ""
    return "needs a family with a score where the term has no effect, such as cox or logit"


def _calendars(finding: Finding) -> str:
    if not scored(finding.spec.record):
        return _scored(finding)
    if not of_elections(finding):
        return "needs a term that is made from the calendars of elections"
    return _facts(finding)


def _announced(finding: Finding) -> str:
    if not scored(finding.spec.record):
        return _scored(finding)
    held = None if finding.facts is None else finding.facts.members
    if held is None:
        return _facts(finding)
    known = "announced" in held.columns and held["announced"].notna().any()
    return "" if known else "needs exits whose announcement is known"


def _times(finding: Finding) -> str:
    columns = [name for name in (finding.spec.start, finding.spec.stop) if name]
    lacking = [name for name in columns if name not in finding.panel.columns]
    return _two_values(finding) or (f"needs rows with {', '.join(lacking)}" if lacking else "")


def _lagged(finding: Finding) -> str:
    if finding.make is None and _lagging(finding) is None:
        return f"needs make=, which gives {finding.term} as it was months before"
    return _facts(finding)


def _gaps(finding: Finding) -> str:
    if not scored(finding.spec.record):
        return _scored(finding)
    names = [name for name in _columns(finding) if finding.panel[name].isna().any()]
    return "" if names else "needs gaps: no column of the model has a missing value"


def _columns(finding: Finding) -> list[str]:
    names = read_formula(finding.spec.formula, trust=True).names
    return [name for name in names if name in finding.panel.columns]


def _curve(finding: Finding, how: How) -> Any:
    chosen = crossing_for(finding)
    given = {**chosen.more, **how.drawn("curve")}
    return spec_curve(
        chosen.base.spec or finding.spec, chosen.term, list(chosen.dimensions), base=chosen.base,
        exchange=chosen.exchange, **given,
    )  # fmt: skip


def _of_panel(verb: Callable[..., Any], part: str, finding: Finding, how: How) -> Any:
    return verb(finding.spec, finding.panel, finding.term, **how.drawn(part))


def _of_facts(verb: Callable[..., Any], part: str, finding: Finding, how: How) -> Any:
    return verb(
        finding.spec, finding.term, finding.facts, features=finding.features,
        options=finding.options, **how.drawn(part),
    )  # fmt: skip


def _leave_out(finding: Finding, how: How) -> Any:
    found: pd.DataFrame = leave_out(
        finding.spec, finding.panel, finding.term, **how.engine("leave_out")
    )
    return found


def _fewest(finding: Finding, how: How) -> Any:
    given = how.engine("fewest_events")
    given.pop("keep")  # its sizes follow on each other, so that no one list of tasks is kept
    return fewest_events(finding.spec, finding.panel, finding.term, **given)


def _redated(finding: Finding, how: How) -> Any:
    assert finding.facts is not None
    date = finding.options.get("exit_date", "main")
    other = finding.built(finding.facts, exit_date="main" if date == "announced" else "announced")
    given = how.plain("fewest_redated")
    return fewest_redated(finding.spec, finding.panel, other, finding.term, **given)


def _confounding(finding: Finding, how: How) -> Any:
    given = {"seed": how.seed, **how.engine("confounding")}
    return confounding(finding.fit, finding.term, finding.panel, **given)


def _e_value(finding: Finding, how: How) -> Any:
    return e_value_of(finding.fit, finding.term, **how.plain("e_value"))


def _rosenbaum(finding: Finding, how: How) -> Any:
    spec = finding.spec
    members = [name for name in _KEY[:3] if name in finding.panel.columns]
    event = event_of(spec.formula)
    given = {"id": members or None, "strata": list(spec.strata or ()) or None,
             **how.plain("rosenbaum")}  # fmt: skip
    return rosenbaum_bounds(
        finding.panel, finding.term, event=event, start=spec.start, stop=spec.stop, **given
    )


def _placebos(finding: Finding, how: How) -> Any:
    assert finding.facts is not None
    assert finding.features is not None
    given = {"seed": how.seed, **how.plain("placebos")}
    return placebos(
        finding.spec, finding.term, finding.facts, features=finding.features,
        options=finding.options, **given,
    )  # fmt: skip


def _missing(finding: Finding, how: How) -> Any:
    given = {"seed": how.seed, **how.engine("missing")}
    return missing(finding.spec, finding.panel, finding.term, **given)


def _form(finding: Finding, how: How) -> Any:
    assert finding.facts is not None
    given = {name: value for name, value in finding.options.items() if name != "clock"}
    return functional_form(
        finding.spec, finding.term, finding.facts, features=finding.features, options=given,
        **how.plain("functional_form"),
    )  # fmt: skip


def _timing(finding: Finding, how: How) -> Any:
    make = finding.make or _lagging(finding)
    assert finding.facts is not None
    assert make is not None
    return reverse_timing(
        finding.spec, finding.term, finding.facts, make=make, options=finding.options,
        **how.plain("reverse_timing"),
    )  # fmt: skip


def _lagging(finding: Finding) -> Callable[[pd.DataFrame, int], pd.DataFrame] | None:
    """The finding's features with the builder of the term told to look back, where it can."""
    makers = [one for one in registered().values() if one.makes(finding.term)]
    if finding.features is None or not makers or "strength_lag" not in makers[0].options:
        return None
    return partial(_back, finding.features, makers[0].name, finding.term)


def _back(
    features: Callable[[pd.DataFrame], pd.DataFrame],
    builder: str,
    term: str,
    panel: pd.DataFrame,
    lag: int,
) -> pd.DataFrame:
    made = features(panel)
    with gathered():
        lagged = registered()[builder].function(panel, strength_lag=lag)
    return made.assign(**{term: lagged[term]})


def _value(finding: Finding, how: How, curve: SpecCurve | None = None) -> Any:
    own = None if curve is None else replace(curve, term=finding.term)
    verb = partial(value_of_information, curve=own)
    return _of_facts(verb, "value_of_information", finding, how)


def _one_row(**numbers: object) -> Mapping[str, pd.DataFrame]:
    return {"": pd.DataFrame([numbers])}


def _table(result: Any) -> Mapping[str, pd.DataFrame]:
    return {"": cast("pd.DataFrame", result.table)}


def _redated_frame(found: Any) -> Mapping[str, pd.DataFrame]:
    given = {**vars(found), "members": ", ".join(found.members)}
    return _one_row(**given)


PARTS: tuple[PartOf, ...] = (
    PartOf("curve", "Choices of the analyst", _nothing, _curve,
           lambda r: {"": r.table, "skipped": r.skipped}),
    PartOf("leave_out", "Who carries it", _members, _leave_out, lambda r: {"": pd.DataFrame(r)}),
    PartOf("fewest_events", "The fewest events it hangs on",
           lambda f: _scored(f) or _members(f), _fewest,
           lambda r: {"": r.path}),
    PartOf("fewest_redated", "The fewest exits dated otherwise", _announced, _redated,
           _redated_frame),
    PartOf("resample", "Other samples of states", _nothing,
           partial(_of_panel, resample, "resample"), lambda r: {"": r.draws}),
    PartOf("dates", "Dates not known to the day", _facts,
           partial(_of_facts, date_uncertainty, "dates"),
           lambda r: {"": r.draws, "spells": r.dates, "bounds": r.bounds}),
    PartOf("codings", "How exits are coded", _facts,
           partial(_of_facts, coding_uncertainty, "codings"),
           lambda r: {"": r.draws, "spells": r.spells, "cases": r.cases, "tipping": r.tipping}),
    PartOf("confounding", "A cause that nobody measured",
           lambda f: _two_values(f) or _ratio(f), _confounding,
           lambda r: {"": r.grid, "benchmarks": r.benchmarks}),
    PartOf("e_value", "How strong that cause would have to be", _ratio, _e_value,
           lambda r: _one_row(**vars(r))),
    PartOf("rosenbaum", "Matched on the day", _times, _rosenbaum, _table),
    PartOf("randomise", "Elections at another time", _calendars,
           partial(_of_facts, randomise, "randomise"),
           lambda r: {"": r.draws, "states": r.states}),
    PartOf("placebos", "Where there should be nothing", _calendars, _placebos,
           lambda r: {"": r.table, "neighbours": r.neighbours}),
    PartOf("missing", "Missing values", _gaps, _missing,
           lambda r: {"": r.draws, "gaps": r.gaps, "bounds": r.bounds}),
    PartOf("functional_form", "Form and clock", lambda f: _scored(f) or _facts(f), _form,
           lambda r: {"": r.table, "curve": r.curve}),
    PartOf("reverse_timing", "Cause or consequence", _lagged, _timing, _table),
    PartOf("value_of_information", "What to check next", _facts, _value,
           lambda r: {"": r.facts, "split": r.split}, after="curve"),
)  # fmt: skip
