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
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand

__all__ = ["Sets", "asked", "combinable", "gather", "resolve", "sets_of", "speaks_to"]

Sets = pd.DataFrame | str | Sequence[str] | Mapping[str, pd.DataFrame] | None


def combinable(name: str) -> bool:
    """Whether estimates on a set may be combined with others; on a user's own they may.

    Examples
    --------
    >>> combinable("un"), combinable("leaders")
    (True, False)
    """
    return name not in set_names() or not set_record(name).apart


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
    return record.name in claim.on or claim.id in record.claims


def sets_of(claim: Claim) -> list[str]:
    """Sets that can speak to a claim: those of its registered test, and those that name it.

    Examples
    --------
    >>> from coalition_models.hypotheses.claims import select
    >>> sets_of(select("H04")[0])
    ['leaders', 'iraq', 'isaf']
    """
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
    if panel_or_sets is None:
        # a set of which nothing is claimed is not built for nothing
        claims = read_plan().claims
        return [one.name for one in set_records() if any(speaks_to(one, claim) for claim in claims)]
    names = [panel_or_sets] if isinstance(panel_or_sets, str) else list(panel_or_sets)
    if any(not isinstance(name, str) for name in names):
        raise DataError(
            "give your own panels by name, as {'mine': panel}; a list can hold names of this "
            f"package's sets only: {_known()}"
        )
    unknown = [name for name in names if name not in set_names()]
    if unknown or not names:
        raise DataError(
            f"no data set named {first_few(unknown) or 'at all'}; known: {_known()}; "
            "give your own as a DataFrame"
        )
    records = [set_record(name) for name in dict.fromkeys(names)]
    return [one.name for one in sorted(records, key=lambda one: (one.order, one.name))]


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
    record = set_record(name)
    needed = [one for one in dict.fromkeys((record.source, *record.sources)) if one]
    away = [one for one in needed if entry(one).kind == "external" and not at_hand_in_parts(one)]
    if away:
        reason = f"needs {', '.join(away)}, not at hand: load({away[0]!r}) fetches it"
        return absent_set(record, reason)
    try:
        with gathered():
            return _tested(analysis_set(name, features=record.given))
    except CoverageError as error:
        return absent_set(record, str(error))


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
    return replace(found, panel=panel, note=note)
