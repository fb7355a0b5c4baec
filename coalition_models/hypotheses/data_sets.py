"""The panels that claims are tested on: those of this package, or the user's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from coalition_models.designs.analysis_sets import AnalysisSet, absent_set, analysis_set, set_of
from coalition_models.designs.own_set import panel_record
from coalition_models.designs.set_record import SetRecord
from coalition_models.designs.set_tables import with_peak
from coalition_models.designs.sets import set_names, set_record, set_records
from coalition_models.errors import CoverageError, DataError, first_few, gathered
from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.outcomes import base_of, labelled, recoded
from coalition_models.members.facts import Facts
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand, files_of

__all__ = ["Sets", "asked", "combinable", "gather", "resolve", "sets_of", "speaks_to"]

Sets = (
    pd.DataFrame
    | Facts
    | AnalysisSet
    | str
    | Sequence[str | AnalysisSet]
    | Mapping[str, pd.DataFrame | Facts]
    | None
)
#: what is assumed of a user's own panel; a set that was made has its own
_EVENT, _CLUSTER = "early exit", "state"


def combinable(name: str) -> bool:
    """Whether estimates on a set may be combined with others; on a user's own they may.

    Examples
    --------
    >>> combinable("un"), combinable("leaders"), combinable("iraq: any defection")
    (True, False, False)
    """
    base, outcome = _of_ours(name)
    return not base or (not outcome and not set_record(base).apart)


def speaks_to(record: SetRecord, claim: Claim) -> bool:
    """Whether a set can speak to a claim: its registered test names the set, or the set the claim.

    Raises
    ------
    DataError
        The set names a claim that there is not.

    Examples
    --------
    >>> from coalition_models.hypotheses.claims import select
    >>> speaks_to(set_record("wars"), select("H01")[0])
    False
    """
    known = {one.id for one in read_plan().claims}
    unknown = [name for name in record.claims if name not in known]
    if unknown:
        raise DataError(
            f"the set {record.name!r} names claims that there are not: {first_few(unknown)}; "
            "list_claims() shows all"
        )
    name = base_of(record.name)[0]
    named = name in (*claim.on, *claim.awaits) or claim.id in record.claims
    return named and record.event in claim.outcome


def sets_of(claim: Claim) -> list[str]:
    """Sets that can speak to a claim: those of its registered test, and those that name it.

    A claim on an outcome that no set has by itself has them under that outcome.

    Examples
    --------
    >>> from coalition_models.hypotheses.claims import select
    >>> sets_of(select("H04")[0])
    ['leaders', 'iraq', 'isaf']
    >>> sets_of(select("H67")[0])[:2]
    ['iraq: announced exit', 'isaf: announced exit']
    """
    if claim.outcome[0] in read_plan().outcomes:
        known = [name for name in (*claim.on, *claim.awaits) if name in set_names()]
        return [labelled(name, claim.outcome[0]) for name in known]
    named = [one.name for one in set_records() if one.name not in claim.on]
    return [*claim.on, *(name for name in named if speaks_to(set_record(name), claim))]


def gather(panel_or_sets: Sets, *, outcome: str, cluster: str | Sequence[str]) -> list[AnalysisSet]:
    """Collect the data sets asked for; those that cannot be had come with the reason.

    Parameters
    ----------
    panel_or_sets : DataFrame, Facts, AnalysisSet, name, names, or mapping of names to panels
        None: all of this package.
    outcome, cluster : str
        Of the user's panels; of facts, the clusters.

    Examples
    --------
    >>> [data.name for data in gather(["iraq"], outcome="early exit", cluster="state")]
    ['iraq']
    """
    return [resolve(item) for item in asked(panel_or_sets, outcome=outcome, cluster=cluster)]


def asked(
    panel_or_sets: Sets, *, outcome: str, cluster: str | Sequence[str]
) -> list[str | AnalysisSet]:
    """What was asked for, in order: names of this package's sets, or the user's own as they are."""
    if panel_or_sets is None:
        # a set of which nothing is claimed is not built for nothing
        claims = read_plan().claims
        told = [one for one in set_records() if any(speaks_to(one, claim) for claim in claims)]
        return [*(one.name for one in told), *_awaited()]
    if isinstance(panel_or_sets, pd.DataFrame):
        return [_own("panel", panel_or_sets, outcome, cluster)]
    if isinstance(panel_or_sets, Facts):
        return [_own("", panel_or_sets, outcome, cluster)]
    if isinstance(panel_or_sets, Mapping):
        return [_own(str(n), given, outcome, cluster) for n, given in panel_or_sets.items()]
    if outcome in read_plan().outcomes:
        raise DataError(
            f"outcome= says what the event of your own panels is; of this package's sets name the "
            f"outcome with the set, such as {labelled('iraq', outcome)!r}"
        )
    single = isinstance(panel_or_sets, (str, AnalysisSet))
    return _in_order(
        [panel_or_sets] if single else list(panel_or_sets),  # type: ignore[list-item, arg-type]
        outcome,
        cluster,
    )


def _in_order(
    given: Sequence[str | AnalysisSet], outcome: str, cluster: str | Sequence[str]
) -> list[str | AnalysisSet]:
    """Names and ready-made sets in the order of the sets, each once."""
    if any(not isinstance(one, (str, AnalysisSet)) for one in given):
        raise DataError(
            "give your own panels by name, as {'mine': panel}; a list can hold names of this "
            f"package's sets, and sets that were made, only: {_known()}"
        )
    names = {one for one in given if isinstance(one, str)}
    unknown = [
        name for name in dict.fromkeys(given) if name in names and not _of_ours(str(name))[0]
    ]
    if unknown or not given:
        raise DataError(
            f"no data set named {first_few(unknown) or 'at all'}; known: {_known()}; "
            f"outcomes of sets of spells, as in 'iraq: any defection': "
            f"{', '.join(read_plan().outcomes)}; give your own as a DataFrame"
        )
    made = [_made(one, outcome, cluster) for one in given if isinstance(one, AnalysisSet)]
    held = [one.name for one in made]
    twice = [name for name in dict.fromkeys(held) if held.count(name) > 1 or name in names]
    if twice:
        raise DataError(
            f"two sets are named {first_few(twice)}, and verdicts are told apart by name: test "
            "them one by one"
        )
    order: list[tuple[int, str, str | AnalysisSet]] = [
        *((*_place(name), name) for name in names),
        *((one.record.order, one.name, one) for one in made),
    ]
    return [one for _, _, one in sorted(order, key=lambda place: place[:2])]


def _place(name: str) -> tuple[int, str]:
    return set_record(_of_ours(name)[0]).order, name


def _of_ours(name: str) -> tuple[str, str]:
    """Set of this package and the outcome it is recoded to, if any; empty for any other name."""
    base, outcome = base_of(name)
    ours = base in set_names() and (not outcome or outcome in read_plan().outcomes)
    return (base, outcome) if ours else ("", "")


def _awaited() -> list[str]:
    """Sets under an outcome of their own that a claim named before there were any such."""
    found = [
        name
        for claim in read_plan().claims
        for name in sets_of(claim)
        if base_of(name)[1] and base_of(name)[0] in claim.awaits
    ]
    return sorted(dict.fromkeys(found), key=_place)


def _known() -> str:
    return ", ".join(one.name for one in set_records())


def _check_outcome(outcome: str) -> None:
    known = dict.fromkeys(one for claim in read_plan().claims for one in claim.outcome)
    if outcome not in known:
        raise DataError(f"outcome must be one of {', '.join(known)}, not {outcome!r}")


def resolve(item: str | AnalysisSet) -> AnalysisSet:
    """Build a data set of this package by its name; the user's own stays as it is."""
    return _named(item) if isinstance(item, str) else item


def _own(
    name: str, given: pd.DataFrame | Facts, outcome: str, cluster: str | Sequence[str]
) -> AnalysisSet:
    """The set of a panel as it stands, or of facts, whose columns are built as registered."""
    _check_outcome(outcome)
    if isinstance(given, pd.DataFrame):
        return set_of(panel_record(given, name, event=outcome, cluster=cluster))
    found = _tested(analysis_set(given, features=False))
    record = found.record
    if outcome != record.event:
        raise DataError(
            f"the event of facts is {record.event}, as they code it, not {outcome}: build the "
            "panel, make the outcome its event and give it in place of the facts"
        )
    clusters = panel_record(found.panel, record.name, cluster=cluster).clusters
    name = name or record.name
    return replace(found, record=replace(record, name=name, given=False, clusters=clusters))


def _made(found: AnalysisSet, outcome: str, cluster: str | Sequence[str]) -> AnalysisSet:
    """A set as it was made, on the rows on which claims are tested."""
    record = found.record
    if (outcome, cluster) != (_EVENT, _CLUSTER):
        raise DataError(
            f"the set {found.name!r} has its own outcome ({record.event}) and clusters "
            f"({', '.join(record.clusters)}): drop outcome= and cluster=, or give its panel"
        )
    bare = record.facts is not None and found.choices.features is not True
    if record.given and bare and not found.own:
        raise DataError(
            f"claims take the columns that the set {found.name!r} brings, and it was made without "
            f"all of them: analysis_set({found.name!r}) has them"
        )
    return found if found.reason else _tested(found)


def _named(name: str) -> AnalysisSet:
    base, outcome = _of_ours(name)
    record = set_record(base)
    absent = replace(record, name=name, event=outcome or record.event)
    needed = [one for one in dict.fromkeys((record.source, *record.sources)) if one]
    away = [one for one in needed if entry(one).kind == "external" and not at_hand_in_parts(one)]
    if away:
        reason = f"needs {', '.join(away)}, not at hand: load({away[0]!r}) fetches it"
        return absent_set(absent, reason)
    try:
        with gathered():
            found = analysis_set(base, features=record.given)
            return _tested(recoded(found, read_plan().outcomes[outcome]) if outcome else found)
    except CoverageError as error:
        return absent_set(absent, str(error))


def at_hand_in_parts(source: str) -> bool:
    """Whether a source, or each of the files it is made of, is in the mirror or the cache."""
    return all(at_hand(part) for part in files_of(source))


def _chosen(found: AnalysisSet) -> str:
    """What was chosen when a set was made and decides which rows it has; empty by default."""
    choices, variant = found.choices, found.variant
    parts = [f"variant {variant}"] if variant != "main" and not found.own else []
    if choices.peak_at_least > 0:
        parts.append(f"contingents that reached {choices.peak_at_least:g} persons only")
    if choices.until is not None:
        parts.append(f"until {choices.until}")
    return "".join(f"; {part}" for part in parts)


def _tested(found: AnalysisSet) -> AnalysisSet:
    """The rows on which claims are tested, with peak strengths for the grid's sizes only."""
    panel, note = found.panel, ""
    if found.facts is not None:
        panel = with_peak(panel, found.members)
    if found.record.tested is not None:
        panel, note = found.record.tested(panel)
    return replace(found, panel=panel, note=found.note + note + _chosen(found))
