"""The panels that claims are tested on: those of this package, or the user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from coalition_models.defection.outcome import panel_events
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import CoverageError, DataError, counted, first_few, gathered
from coalition_models.hypotheses.claims import DATA_SETS, read_plan
from coalition_models.members.facts import bundled_facts
from coalition_models.models.sample.checks import check_event, raise_all
from coalition_models.record import keep_record, record_of, with_panel
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand
from coalition_models.sources.load import load
from coalition_models.tables.contract import is_day

__all__ = ["APART", "DataSet", "Sets", "asked", "gather", "resolve"]

#: sets that are not combined with others: the exits of iraq and isaf in another form, and
#: violations of treaties
APART = ("forms", "leaders", "alliances")

Sets = pd.DataFrame | str | Sequence[str] | Mapping[str, pd.DataFrame] | None

#: external source without which a set cannot be had
_SOURCE = {
    "un": "ipi-contributions",
    "interventions": "ucdp-conflicts",
    "wars": "cow-interstate-wars",
    "alliances": "alliance-performance",
}


@dataclass(frozen=True)
class DataSet:
    """One panel and how claims are tested on it.

    Attributes
    ----------
    name : str
    panel : DataFrame or None
        None where it cannot be had; ``reason`` says why.
    outcome : str
        What its event is.
    about : str
        Unit, event, and what to hold against it.
    cluster : sequence of str
        Columns of clusters; the most cautious counts.
    model : {"cox", "logit"}
    own : bool
        A user's panel: every claim on its outcome is tried, columns count as given.
    given : bool
        Columns that it has are taken as they stand.
    """

    name: str
    panel: pd.DataFrame | None = field(repr=False)
    outcome: str = "early exit"
    about: str = ""
    cluster: tuple[str, ...] = ("state",)
    model: str = "cox"
    own: bool = False
    given: bool = False
    reason: str = ""


def gather(panel_or_sets: Sets, *, outcome: str, cluster: str | Sequence[str]) -> list[DataSet]:
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
) -> list[str | DataSet]:
    """What was asked for, in order: names of this package's sets, or the user's own as they are."""
    if isinstance(panel_or_sets, pd.DataFrame):
        _check_outcome(outcome)
        return [_own("panel", panel_or_sets, outcome, cluster)]
    if isinstance(panel_or_sets, Mapping):
        _check_outcome(outcome)
        return [_own(str(n), frame, outcome, cluster) for n, frame in panel_or_sets.items()]
    if panel_or_sets is None:
        names: list[str] = list(DATA_SETS)
    else:
        names = [panel_or_sets] if isinstance(panel_or_sets, str) else list(panel_or_sets)
    if any(not isinstance(name, str) for name in names):
        raise DataError(
            "give your own panels by name, as {'mine': panel}; a list can hold names of this "
            f"package's sets only: {', '.join(DATA_SETS)}"
        )
    unknown = [name for name in names if name not in DATA_SETS]
    if unknown or not names:
        raise DataError(
            f"no data set named {first_few(unknown) or 'at all'}; known: {', '.join(DATA_SETS)}; "
            "give your own as a DataFrame"
        )
    return [name for name in DATA_SETS if name in names]


def _check_outcome(outcome: str) -> None:
    known = dict.fromkeys(one for claim in read_plan().claims for one in claim.outcome)
    if outcome not in known:
        raise DataError(f"outcome must be one of {', '.join(known)}, not {outcome!r}")


def resolve(item: str | DataSet) -> DataSet:
    """Build a data set of this package by its name; the user's own stays as it is."""
    return _named(item) if isinstance(item, str) else item


def _own(name: str, panel: pd.DataFrame, outcome: str, cluster: str | Sequence[str]) -> DataSet:
    clusters = (cluster,) if isinstance(cluster, str) else tuple(cluster)
    if not clusters:
        raise DataError("cluster= names no column; give one, such as 'state'")
    if panel.empty:
        raise DataError(f"the panel {name!r} has no rows, so nothing can be tested on it")
    if panel.columns.has_duplicates:
        twice = dict.fromkeys(panel.columns[panel.columns.duplicated()])
        raise DataError(f"the panel {name!r} has repeated columns: {first_few(twice)}")
    needed = ["event", "start", "stop", *clusters]
    absent = [column for column in needed if column not in panel.columns]
    if absent:
        raise DataError(
            f"the panel {name!r} lacks the columns {', '.join(absent)}; build_panel() makes them; "
            "rename your own, and let cluster= name the column of clusters"
        )
    event, problems, _ = check_event(panel, "event")
    raise_all([f"the panel {name!r}: {problem}" for problem in problems])
    if not pd.api.types.is_numeric_dtype(panel["event"].dtype):
        panel = panel.assign(event=event.astype(int))
    undated = [c for c in ("period", "entry") if c in panel.columns and not is_day(panel[c].dtype)]
    if undated:
        found = ", ".join(f"{c} ({panel[c].dtype})" for c in undated)
        raise DataError(
            f"the panel {name!r} must hold dates in {found}: whatever is looked up by date would "
            f"be missing. Turn them into dates, as pd.to_datetime(panel[{undated[0]!r}]) does for "
            "a panel read from a file, or give columns of your own other names"
        )
    return DataSet(name, panel, outcome, "your own", clusters, own=True, given=True)


def _named(name: str) -> DataSet:
    source = _SOURCE.get(name)
    if source is not None and not at_hand_in_parts(source):
        reason = f"needs {source}, not at hand: load({source!r}) fetches it"
        return DataSet(name, None, reason=reason)
    try:
        with gathered():
            return _MAKERS[name](name)
    except CoverageError as error:
        return DataSet(name, None, reason=str(error))


def at_hand_in_parts(source: str) -> bool:
    """Whether a source, or each of the files it is made of, is in the mirror or the cache."""
    return all(at_hand(part) for part in entry(source).parts or (source,))


def _bundled(name: str) -> DataSet:
    found = analysis_set(name, features=False)
    about = "member-month; the main contingent left before the mandate's end"
    return DataSet(name, _with_peak(found.panel, found.members), about=about)


def _external(name: str) -> DataSet:
    found = analysis_set(name)
    panel = _with_peak(found.panel, found.members)
    cluster = ("coalition", "state") if name == "wars" else ("state", "coalition")
    event = str(found.sheet.set_index("item")["value"]["event"])
    about = f"member-{'year' if name == 'interventions' else 'month'}; {event}"
    if name == "un":
        about += _small_contingents(panel)
    else:
        panel, note = _with_partners(panel)
        about += note
    return DataSet(name, panel, about=about, cluster=cluster, given=True)


def _with_partners(panel: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Periods in which somebody else is on the same side: nobody else can be left alone."""
    sides = panel.groupby(["coalition", "period"], observed=True)["state"].transform("nunique")
    alone = (sides < 2).to_numpy()
    kept = panel[~alone].reset_index(drop=True)
    keep_record(kept, panel)
    exits = int(panel.loc[alone, "event"].sum())
    note = (
        f"; {counted(int(alone.sum()), 'row')} of a state that is alone on its side "
        f"({counted(exits, 'event')}) are left out, since it has no partner to leave"
    )
    return kept, note


def _small_contingents(panel: pd.DataFrame, persons: int = 10) -> str:
    exits = panel[panel["event"] == 1]
    small = int((exits["peak_troops"] < persons).sum())
    return (
        f"; {small} of {len(exits)} exits are of contingents that never had {persons} persons, so "
        "see what the grid says of the others"
    )


def _with_peak(panel: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Add each spell's peak strength, for the size dimension of the grid only."""
    key = ["coalition", "state", "spell"]
    if "peak_troops" not in members.columns:
        return panel
    peaks = members.drop_duplicates(key).set_index(key)["peak_troops"].astype("Float64")
    found = peaks.reindex(pd.MultiIndex.from_frame(panel[key]))
    out = panel.assign(peak_troops=found.to_numpy(dtype=float, na_value=float("nan")))
    keep_record(out, panel)
    return out


def _forms(name: str) -> DataSet:
    """Iraq and ISAF with every row twice: at risk of leaving, and of defecting in part.

    The stacked form of Lunn and McNeil (1995) for competing kinds, in which the product of a
    term with ``partial`` says whether it turns one kind into the other.
    """
    parts = []
    for coalition in ("iraq", "isaf"):
        found = analysis_set(coalition, features=False)
        rows = panel_events(
            _with_peak(found.panel, found.members), found.defections("mcinnis"), how="competing"
        )
        for partial in (0, 1):
            kind = (rows["cause"] == "full") if partial == 0 else ~rows["cause"].isin(["", "full"])
            parts.append(
                rows.assign(
                    event=kind.astype(int),
                    partial=partial,
                    in_isaf=int(coalition == "isaf"),
                    # the copy is a history of its own
                    spell=rows["spell"] + 1000 * partial,
                )
            )
    panel = pd.concat(parts, ignore_index=True)
    with_panel(
        panel,
        record_of(parts[0]).panel,
        facts=bundled_facts(("iraq", "isaf")),
        sources=record_of(parts[0]).sources,
    )
    counts = panel.groupby("partial")["event"].sum()
    about = (
        f"member-month of Iraq and ISAF, once at risk of leaving ({counts[0]} events) and once of "
        f"defecting in part ({counts[1]}), by the default reading of McInnis's rule, under which "
        "an exit counts if it is among the largest falls from one year to the next, so that exits "
        "without two known strengths, and those that leave staff behind, mostly do not; a "
        "member's first defection ends its time at risk"
    )
    return DataSet(name, panel, "form of defection", about)


def _leaders(name: str) -> DataSet:
    """Leaders in office while their state was in Iraq, the unit of Mello (2020)."""
    cases = leader_cases("iraq")
    panel = cases.assign(event=cases["early_exit"])
    sources = ("participation", "leaders", "elections", "fatalities")
    with_panel(panel, {}, sources=sources)
    about = (
        f"leader in office during the participation of one of {cases['state'].nunique()} states in "
        "Iraq, democracies or not; the main contingent left under that leader"
    )
    return DataSet(name, panel, about=about, model="logit", given=True)


def _alliances(name: str) -> DataSet:
    """Commitments in war, honoured or violated: no time at risk, hence a logit."""
    table = load("alliance-performance")
    columns = {
        "capability_change": "capability_change_10",
        "capability_change_20": "capability_change_20",
        # the article's measure is a change of the policy process; regimes fell in few cases
        "institution_change": "regime_change",
        "regime_change": "regime_change_narrow",
        "military_institutions": "military_institutions",
        "formality": "formality",
        "original_target": "original_target",
    }
    panel = (
        table[list(columns)]
        .rename(columns=columns)
        .astype(float)
        .assign(
            state=table["cow"].astype(str),
            coalition=table["alliance"].astype(str),
            event=1 - table["honored"].astype(int),
        )
    )
    with_panel(panel, {}, sources=("alliance-performance",))
    about = (
        "ally called on in a war, 1816-1944; the commitment was violated. Odds ratios. The cases "
        "of Leeds and Anac (2005), so that their claims are estimated again here, not put to new "
        "evidence"
    )
    return DataSet(
        name, panel, "violation", about, cluster=("coalition",), model="logit", given=True
    )


_MAKERS: dict[str, Callable[[str], DataSet]] = {
    "iraq": _bundled,
    "isaf": _bundled,
    "forms": _forms,
    "leaders": _leaders,
    "un": _external,
    "interventions": _external,
    "wars": _external,
    "alliances": _alliances,
}
