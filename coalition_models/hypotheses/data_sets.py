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
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand

__all__ = ["Sets", "asked", "combinable", "gather", "resolve", "sets_of", "speaks_to"]

Sets = pd.DataFrame | str | Sequence[str] | Mapping[str, pd.DataFrame] | None


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
    panel_or_sets : DataFrame, name, names, or mapping of names to DataFrames
        None: all of this package.
    outcome, cluster : str
        Of the user's panels.

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
    if isinstance(panel_or_sets, pd.DataFrame):
        _check_outcome(outcome)
        return [_own("panel", panel_or_sets, outcome, cluster)]
    if isinstance(panel_or_sets, Mapping):
        _check_outcome(outcome)
        return [_own(str(n), frame, outcome, cluster) for n, frame in panel_or_sets.items()]
    if outcome in read_plan().outcomes:
        raise DataError(
            f"outcome= says what the event of your own panels is; of this package's sets name the "
            f"outcome with the set, such as {labelled('iraq', outcome)!r}"
        )
    if panel_or_sets is None:
        return [*(one.name for one in set_records()), *_awaited()]
    names = [panel_or_sets] if isinstance(panel_or_sets, str) else list(panel_or_sets)
    if any(not isinstance(name, str) for name in names):
        raise DataError(
            "give your own panels by name, as {'mine': panel}; a list can hold names of this "
            f"package's sets only: {_known()}"
        )
    unknown = [name for name in names if not _of_ours(name)[0]]
    if unknown or not names:
        raise DataError(
            f"no data set named {first_few(unknown) or 'at all'}; known: {_known()}; "
            f"outcomes of sets of spells, as in 'iraq: any defection': "
            f"{', '.join(read_plan().outcomes)}; give your own as a DataFrame"
        )
    return [*sorted(dict.fromkeys(map(str, names)), key=_place)]


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


def _own(name: str, panel: pd.DataFrame, outcome: str, cluster: str | Sequence[str]) -> AnalysisSet:
    return set_of(panel_record(panel, name, event=outcome, cluster=cluster))


def _named(name: str) -> AnalysisSet:
    base, outcome = _of_ours(name)
    record = set_record(base)
    absent = replace(record, name=name, event=outcome or record.event)
    if record.source and not at_hand_in_parts(record.source):
        reason = f"needs {record.source}, not at hand: load({record.source!r}) fetches it"
        return absent_set(absent, reason)
    try:
        with gathered():
            found = analysis_set(base, features=record.given)
            return _tested(recoded(found, read_plan().outcomes[outcome]) if outcome else found)
    except CoverageError as error:
        return absent_set(absent, str(error))


def at_hand_in_parts(source: str) -> bool:
    """Whether a source, or each of the files it is made of, is in the mirror or the cache."""
    return all(at_hand(part) for part in entry(source).parts or (source,))


def _tested(found: AnalysisSet) -> AnalysisSet:
    """The rows on which claims are tested, with peak strengths for the grid's sizes only."""
    panel, note = found.panel, ""
    if found.facts is not None:
        panel = with_peak(panel, found.members)
    if found.record.tested is not None:
        panel, note = found.record.tested(panel)
    return replace(found, panel=panel, note=found.note + note)
