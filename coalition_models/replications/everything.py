"""Every study whose data are at hand, recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from coalition_models.errors import counted, gathered
from coalition_models.progress import in_steps
from coalition_models.replications.comparison import Replication, in_words
from coalition_models.replications.left_out import list_left_out
from coalition_models.replications.matching import MATCHES
from coalition_models.replications.registry import (
    lacking,
    list_replications,
    needs,
    replicate,
    study_named,
)
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.kept import tables_kept
from coalition_models.sources.load import load

__all__ = ["Replications", "replicate_all"]

_ROW = "study"


@dataclass(frozen=True)
class Replications:
    """What :func:`replicate_all` finds.

    Attributes
    ----------
    listed : DataFrame
        As :func:`list_replications` gives it.
    found : mapping
        Study -> :class:`Replication`.
    absent : mapping
        Study -> why it could not be recomputed.
    curves : mapping
        Study in spirit -> all specifications between theirs and ours, where they were asked for.
    """

    listed: pd.DataFrame
    found: Mapping[str, Replication]
    absent: Mapping[str, str]
    curves: Mapping[str, SpecCurve] = field(default_factory=dict)

    def counts(self) -> pd.DataFrame:
        """Printed numbers by study, and how close ours come; missing for studies without data."""
        rows = []
        for name, numbers in self.listed["numbers"].items():
            one = self.found.get(str(name))
            total = {} if one is None else one.counts().loc["total", list(MATCHES)].to_dict()
            rows.append({_ROW: name, "numbers": numbers, **total})
        columns = [_ROW, "numbers", *MATCHES]
        whole = dict.fromkeys(MATCHES, "Int64")
        return pd.DataFrame(rows).reindex(columns=columns).astype(whole)

    def table(self) -> pd.DataFrame:
        """Every number of every study recomputed: ``study`` and the columns of ``Replication``."""
        parts = [one.table.assign(**{_ROW: name}) for name, one in self.found.items()]
        if not parts:
            return pd.DataFrame(columns=[_ROW])
        return pd.concat([part[[_ROW, *part.columns[:-1]]] for part in parts], ignore_index=True)

    def lines(self) -> Iterator[str]:
        """One line per study: the verdict, or what is missing and how to get it."""
        for name in map(str, self.listed.index):
            kind = " (in spirit)" if self._kind(name) == "in spirit" else ""
            one = self.found.get(name)
            said = [self.absent[name]] if one is None else [one.verdict, *one.missing]
            yield f"{name}{kind}: {'; '.join(said)}"
        total = self.counts()[list(MATCHES)].sum()
        compared, printed = int(total.sum()), int(self.listed["numbers"].sum())
        done = f"{len(self.found)} of {len(self.listed)} studies"
        spirit = sum(one.study.kind == "in spirit" for one in self.found.values())
        done += f" ({spirit} in spirit)" if spirit else ""
        line = f"{done}, {counted(compared, 'number')}: {in_words(total)}"
        if printed > compared:
            line += f"; {printed - compared} without their data"
        out = int(list_left_out()["numbers"].sum())
        yield f"{line}; {out} more left out, named by replicate --left-out"

    def _kind(self, name: str) -> str:
        if name in self.found:
            return self.found[name].study.kind
        return str(self.listed.loc[name, "kind"]) if "kind" in self.listed.columns else ""

    @property
    def unlisted(self) -> int:
        """Numbers that are not exact and have no reason in their study's record."""
        return sum(len(one.unlisted) for one in self.found.values())


def replicate_all(*, curves: bool = False) -> Replications:
    """Recompute every study whose data are at hand; nothing is fetched.

    Parameters
    ----------
    curves : bool
        Whether to make the specification curves of studies in spirit, too.

    Examples
    --------
    >>> found = replicate_all()
    >>> sorted([*found.found, *found.absent]) == list(found.listed.index)
    True
    """
    listed = list_replications()
    found: dict[str, Replication] = {}
    absent: dict[str, str] = {}
    between: dict[str, SpecCurve] = {}
    with tables_kept():
        for name in in_steps(list(map(str, listed.index)), "recompute", unit="study"):
            study = study_named(name)
            missing = lacking(study)
            there = {source: load(source) for source in study.sources if source not in missing}
            if missing and (not there or study.kind == "in spirit"):
                absent[name] = needs(study, study.sources)
            else:
                found[name] = replicate(name, there)
                if curves and study.curve is not None:
                    with gathered():  # what the panels tell is among the remarks
                        between[name] = study.curve(there[study.sources[0]])
    return Replications(listed, found, absent, between)
