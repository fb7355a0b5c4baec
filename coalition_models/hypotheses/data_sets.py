"""The panels that claims are tested on: those of this package, or the user's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from tqdm import tqdm

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.errors import CoalitionWarning, CoverageError, DataError, first_few
from coalition_models.hypotheses.claims import DATA_SETS
from coalition_models.sources.catalog import load
from coalition_models.sources.fetch import at_hand

__all__ = ["DataSet", "Sets", "gather"]

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
    cluster : str
    model : {"cox", "logit"}
    own : bool
        A user's panel: every claim on its outcome is tried, columns count as given.
    given : bool
        Columns that it has are taken as they stand.
    """

    name: str
    panel: pd.DataFrame | None = field(repr=False)
    outcome: str = "early exit"
    cluster: str = "state"
    model: str = "cox"
    own: bool = False
    given: bool = False
    reason: str = ""


def gather(
    panel_or_sets: Sets, *, outcome: str, cluster: str, progress: bool = False
) -> list[DataSet]:
    """Collect the data sets asked for; those that cannot be had come with the reason.

    Parameters
    ----------
    panel_or_sets : DataFrame, name, names, or mapping of names to DataFrames
        None: all of this package.
    outcome, cluster : str
        Of the user's panels.
    progress : bool
        Show a progress bar.

    Examples
    --------
    >>> [data.name for data in gather(["iraq"], outcome="early exit", cluster="state")]
    ['iraq']
    """
    if isinstance(panel_or_sets, pd.DataFrame):
        return [_own("panel", panel_or_sets, outcome, cluster)]
    if isinstance(panel_or_sets, Mapping):
        return [_own(str(n), frame, outcome, cluster) for n, frame in panel_or_sets.items()]
    if panel_or_sets is None:
        names: list[str] = list(DATA_SETS)
    else:
        names = [panel_or_sets] if isinstance(panel_or_sets, str) else list(panel_or_sets)
    unknown = [name for name in names if name not in DATA_SETS]
    if unknown or not names:
        raise DataError(
            f"no data set named {first_few(unknown) or 'at all'}; known: {', '.join(DATA_SETS)}; "
            "give your own as a DataFrame"
        )
    wanted = [name for name in DATA_SETS if name in names]
    bar = tqdm(wanted, "gather the data sets", disable=not progress, unit="data set")
    return [_named(name) for name in bar]


def _own(name: str, panel: pd.DataFrame, outcome: str, cluster: str) -> DataSet:
    needed = ["event", "start", "stop", cluster]
    absent = [column for column in needed if column not in panel.columns]
    if absent:
        raise DataError(
            f"the panel {name!r} lacks the columns {', '.join(absent)}; build_panel() makes them, "
            "and cluster= names the column of clusters"
        )
    return DataSet(name, panel, outcome, cluster, own=True, given=True)


def _named(name: str) -> DataSet:
    source = _SOURCE.get(name)
    if source is not None and not at_hand_in_parts(source):
        reason = f"needs {source}, not at hand: load({source!r}) fetches it"
        return DataSet(name, None, reason=reason)
    if name == "alliances":
        return _alliances()
    bundled = name in ("iraq", "isaf")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoalitionWarning)
            found = analysis_set(name, features=not bundled)
    except CoverageError as error:
        return DataSet(name, None, reason=str(error))
    panel = _with_peak(found.panel, found.members)
    return DataSet(
        name, panel, cluster="coalition" if name == "wars" else "state", given=not bundled
    )


def at_hand_in_parts(source: str) -> bool:
    """Whether a source, or each of the files it is made of, is in the mirror or the cache."""
    from coalition_models.sources.catalog import entry

    return all(at_hand(part) for part in entry(source).parts or (source,))


def _with_peak(panel: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Add each spell's peak strength, for the size dimension of the grid only."""
    key = ["coalition", "state", "spell"]
    if "peak_troops" not in members.columns:
        return panel
    peaks = members.drop_duplicates(key).set_index(key)["peak_troops"].astype("Float64")
    found = peaks.reindex(pd.MultiIndex.from_frame(panel[key]))
    out = panel.assign(peak_troops=found.to_numpy(dtype=float, na_value=float("nan")))
    out.attrs = dict(panel.attrs)
    return out


def _alliances() -> DataSet:
    """Commitments in war, honoured or violated: no time at risk, hence a logit."""
    table = load("alliance-performance")
    terms = [
        "capability_change_10", "capability_change_20", "regime_change", "military_institutions",
        "formality",
    ]  # fmt: skip
    renamed = table.rename(columns={"capability_change": "capability_change_10"})
    panel = (
        renamed[terms]
        .astype(float)
        .assign(
            state=table["cow"].astype(str),
            coalition=table["alliance"].astype(str),
            event=1 - table["honored"].astype(int),
        )
    )
    panel.attrs["sources"] = ["alliance-performance"]
    return DataSet(
        "alliances", panel, outcome="violation", cluster="coalition", model="logit", given=True
    )
