"""What a finding owes to how exits were coded: kinds imputed by spell, and the tipping point."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import DataError, counted, first_few
from coalition_models.inference.imputed import Combined
from coalition_models.members.facts import Facts
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, frame_table
from coalition_models.sensitivity.drawn_codings import (
    MISTAKEN_FOR,
    Codings,
    codings_of,
    likeliest,
    measured_error,
)
from coalition_models.sensitivity.rebuilding import (
    LEVEL,
    Rebuild,
    cautions,
    combine,
    combined_rows,
    verdicts,
)

__all__ = ["MISTAKEN_FOR", "CodingUncertainty", "coding_uncertainty"]

Objects = npt.NDArray[np.object_]
Worlds = dict[Hashable, Callable[[], Facts]]

_SPELLS = ["row", "spell", "exit_kind", "other", "chance", "estimate", "p_value"]
_CASES = ["case", "recoded", "estimate", "p_value", "exposed_events"]
_TIPPING = ["way", "recoded", "spells", "estimate", "p_value", "events", "exposed_events"]
#: most recoded spells for which a tipping point is looked for
_MOST = 20


@dataclass(frozen=True, repr=False)
class CodingUncertainty(InTables):
    """A term over worlds of coded exits.

    Attributes
    ----------
    term : str
    naive : Series
        The estimate with the kinds as coded.
    draws : DataFrame
        One row per world, as in
        :class:`~coalition_models.sensitivity.uncertain_dates.DateUncertainty`, and ``recoded``:
        how many spells were coded otherwise there.
    combined : Combined or None
        By Rubin's rules; None where fewer than two worlds could be fitted.
    spells : DataFrame
        Spells that may be coded otherwise on their own account: ``spell, exit_kind, other,
        chance`` (of the other coding), and the estimate with only this one coded so; sorted by
        how far it moves.
    cases : DataFrame
        ``case`` (``as coded``; ``all other``: every contested spell in its other coding;
        ``lowest`` and ``highest``: those which alone lower, or raise, the estimate), with the
        number recoded and the estimate; none without ``whose``, as ``tipping``.
    tipping : DataFrame
        Per way of recoding (``early to scheduled``, ``scheduled to early``): ``recoded``, how many
        spells turn the significance, ``spells`` which, and the estimate then. Spells are taken in
        the order of what each does alone, so that the number is one that suffices. Missing where
        20, or all there are, do not suffice.
    notes : tuple of str
    """

    term: str
    naive: pd.Series
    draws: pd.DataFrame
    combined: Combined | None
    spells: pd.DataFrame
    cases: pd.DataFrame
    tipping: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def verdicts(self) -> pd.Series:
        """Share of the draws per verdict: sign, and p below .05."""
        return verdicts(self.draws)

    def to_tables(self) -> list[Table]:
        """The estimate over the draws, extreme cases, the tipping point, contested spells."""
        tables = [
            combined_rows(
                self.term,
                self.naive,
                self.draws,
                self.combined,
                title=f"Coding of exits: {self.term}",
                notes=self.notes,
            ),
        ]
        if len(self.cases):
            shown = self.cases[_CASES].astype({"exposed_events": "Int64"})
            tables.append(frame_table(shown, title="Contested spells, extreme cases"))
        if len(self.tipping):
            shown = self.tipping.assign(spells=self.tipping["spells"].map(_shortened))
            shown = shown.drop(columns="events")
            tables.append(frame_table(shown, title="How many recoded spells turn the significance"))
        if len(self.spells):
            tables.append(frame_table(self.spells, title="Spells with two codings"))
        return tables


def coding_uncertainty(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    options: Mapping[str, object] | None = None,
    contested: float = 0.5,
    error: tuple[int, int] | None = None,
    chances: pd.DataFrame | None = None,
    draws: int = 200,
    seed: int = 1,
    whose: bool = True,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> CodingUncertainty:
    """Draw how each exit is coded and estimate a term in every world.

    A spell that a fair reader could code otherwise (``exit_kind_alt``) has its two codings. Any
    other exit is wrong with the error that a second coder found: in every draw the error itself is
    drawn from its Beta distribution (Jeffreys' prior), then each spell by it, and a wrong one is of
    the kind in :data:`MISTAKEN_FOR`. Kinds are drawn by spell, never by row; panel, order of exits
    and features are made anew.

    Parameters
    ----------
    spec : Specification
        Clustered one way; a family without scores at the null is judged by Wald's z.
    term : str
        A column of the formula.
    facts : Facts
    features : callable, optional
        From a panel to one with the columns of the formula.
    options : mapping, optional
        Of :func:`build_panel`.
    contested : float
        Chance of a contested spell's other coding. No data tell it: try others.
    error : (int, int), optional
        Wrong codings of early or not, out of how many checked ones; ``(0, 0)`` for none at all. By
        default what ``coder_agreement()`` counts among the 30 spells drawn at random; it has to be
        given for facts of your own.
    chances : DataFrame, optional
        Your own distributions: ``coalition, state, spell, exit_kind, chance``, summing to one by
        spell. They replace the above for the spells named.
    draws, seed : int
    whose : bool
        Whether to recode each contested spell alone, and to look for the extreme cases and the
        tipping point: a fit for every spell.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        The draws are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    CodingUncertainty

    Raises
    ------
    DataError
        No clusters, no error for facts of your own, chances that are none.

    Notes
    -----
    Coders who know what followed may err with the exposure (a pledge before an election makes an
    exit look early); drawn errors do not. See the tipping point for that.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.coding_uncertainty(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=2,
    ...     whose=False)
    >>> found.draws.shape[0]
    2
    """
    check_arguments(coding_uncertainty, locals())
    check_draws(draws, least=2)
    if not 0 <= contested <= 1:
        raise DataError(f"contested is a chance between 0 and 1, not {contested!r}")
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    coded = codings_of(facts, contested, chances)
    wrong, of = measured_error(facts, error)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    drawn = [coded.draw(np.random.default_rng(one), wrong, of) for one in seeds]
    worlds: Worlds = {"as coded": coded.world(coded.kinds)}
    worlds |= {at: coded.world(kinds) for at, kinds in enumerate(drawn)}
    table, warned = rebuild.fits(
        worlds, workers, keep=keep, progress=progress, about="coding_uncertainty"
    )
    naive: pd.Series = table.iloc[0]
    own = table.iloc[1:].reset_index(drop=True)
    own.insert(1, "recoded", [int((kinds != coded.kinds).sum()) for kinds in drawn])
    spells = _alone(rebuild, coded, workers) if whose else None
    notes = [
        f"{counted(len(coded.two), 'contested spell')}, the other coding with chance {contested:g}",
        f"others wrong with the error of {wrong} in {of} (Beta)" if of else "others as coded",
        "errors are drawn without a look at the exposure",
        *cautions(naive, own),
        *warned,
    ]
    return CodingUncertainty(
        term=term,
        naive=naive,
        draws=own,
        combined=combine(own),
        spells=_none(_SPELLS[1:]) if spells is None else spells.drop(columns="row"),
        cases=_none(_CASES) if spells is None else _cases(rebuild, coded, spells, naive, workers),
        tipping=_none(_TIPPING) if spells is None else _tipping(rebuild, coded, naive, workers),
        notes=tuple(notes),
    )


def _none(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


def _shortened(names: str) -> str:
    return first_few(names.split(", "), limit=4) if names else ""


def _alone(rebuild: Rebuild, coded: Codings, workers: int | None) -> pd.DataFrame:
    """Every spell with two codings switched alone."""
    others = {row: pair for row in coded.two if (pair := likeliest(coded, row)) is not None}
    if not others:
        return _none(_SPELLS)
    worlds: Worlds = {
        row: coded.world(coded.recoded({row: kind})) for row, (kind, _) in others.items()
    }
    worlds = {"as coded": coded.world(coded.kinds), **worlds}
    table, _ = rebuild.fits(worlds, workers)
    found = table.iloc[1:].rename(columns={"world": "row"})
    rows = found["row"].tolist()
    found = found.assign(
        spell=[coded.labels[row] for row in rows],
        exit_kind=[coded.kinds[row] for row in rows],
        other=[others[row][0] for row in rows],
        chance=[others[row][1] for row in rows],
        moves=(found["estimate"] - table["estimate"].iloc[0]).abs(),
    )
    return found.sort_values("moves", ascending=False, kind="stable", ignore_index=True)[_SPELLS]


def _cases(
    rebuild: Rebuild, coded: Codings, spells: pd.DataFrame, naive: pd.Series, workers: int | None
) -> pd.DataFrame:
    every = {int(row): str(kind) for row, kind in zip(spells["row"], spells["other"], strict=True)}
    far = spells["estimate"].to_numpy(dtype=float) - float(naive["estimate"])
    moves = dict(zip(spells["row"], far.tolist(), strict=True))
    changes = {
        "as coded": {},
        "all other": every,
        "lowest": {row: kind for row, kind in every.items() if moves[row] < 0},
        "highest": {row: kind for row, kind in every.items() if moves[row] > 0},
    }
    table, _ = rebuild.fits(
        {name: coded.world(coded.recoded(some)) for name, some in changes.items()}, workers
    )
    table = table.rename(columns={"world": "case"})
    table.insert(1, "recoded", [len(some) for some in changes.values()])
    return table


def _tipping(
    rebuild: Rebuild, coded: Codings, naive: pd.Series, workers: int | None
) -> pd.DataFrame:
    """The fewest spells, in the order of what each does alone, that turn the significance."""
    lines = []
    for kind, other in (("early", "scheduled"), ("scheduled", "early")):
        rows = np.flatnonzero(coded.kinds == kind).tolist()
        line: dict[str, object] = {"way": f"{kind} to {other}", "recoded": np.nan, "spells": ""}
        if rows and np.isfinite(naive["p_value"]):
            worlds: Worlds = {row: coded.world(coded.recoded({row: other})) for row in rows}
            alone, _ = rebuild.fits(worlds, workers)
            order = _towards(naive, alone)
            steps: Worlds = {
                count: coded.world(coded.recoded(dict.fromkeys(order[:count], other)))
                for count in range(1, min(_MOST, len(order)) + 1)
            }
            table, _ = rebuild.fits(steps, workers)
            turned = table[
                table["p_value"].notna()
                & ((table["p_value"] < LEVEL) != (naive["p_value"] < LEVEL))
            ]
            if len(turned):
                first = turned.iloc[0]
                count = cast("int", first["world"])
                named = ", ".join(coded.labels[row] for row in order[:count])
                line |= {"recoded": count, "spells": named}
                line |= first.drop(["world", "problem"]).to_dict()
        lines.append(line)
    return pd.DataFrame(lines).reindex(columns=_TIPPING)


def _towards(naive: pd.Series, alone: pd.DataFrame) -> list[int]:
    """Rows by how far each, recoded alone, moves the score to another verdict."""
    sign = float(np.sign(naive["z_by_cluster"]))
    # what is significant must shrink, what is not must grow
    sign = -sign if naive["p_value"] < LEVEL else sign
    ranked = alone.assign(gain=sign * alone["z_by_cluster"]).sort_values(
        "gain", ascending=False, kind="stable"
    )
    return [int(row) for row in ranked["world"]]
