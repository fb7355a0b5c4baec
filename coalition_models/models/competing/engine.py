"""What a fit of several hazards can tell afterwards: by kind of exit, or by move."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import block_diag

from coalition_models.errors import DataError, first_few
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.incidence import Predicted, predicted_incidence
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.engine import Hazards, NoNullScores, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family, family_named
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "HazardsEngine", "Part"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CAN = frozenset(
    {
        "causes",
        "clusters",
        "continuous_time",
        "free_baseline",
        "jackknife",
        "late_entry",
        "null_information",
        "offset",
        "score_test",
        "strata",
        "ties",
        "two_way",
        "weights",
    }
)


def _family(name: str, title: str, short: str, each: str, *more: str) -> Family:
    return replace(
        family_named("cox"),
        name=name,
        title=title,
        short=short,
        call=f"{name}()",
        predictions=("linear <kind>", "ratio <kind>"),
        concordance=(
            f"share of comparable pairs of members at risk together, over {each}, of whom the one "
            "with the higher predicted hazard left first"
        ),
        can=_CAN | set(more),
    )


FAMILIES = (
    _family(
        "cause_specific",
        "Cause-specific hazards (Cox)",
        "Cause-specific",
        "all kinds of exit",
        "incidence",
        "leave_one_out",
    ),
    _family("multistate", "Hazards of moves (Cox)", "Multi-state", "all moves", "transitions"),
)


@dataclass(frozen=True, eq=False)
class Part:
    """One kind of exit: whose rows are at risk of it, and the Cox model of it.

    ``rows`` are their places among the rows used.
    """

    label: str
    rows: Integers
    engine: CoxEngine

    @property
    def columns(self) -> int:
        """Number of its coefficients."""
        return self.engine.prepared.n_columns


@dataclass(frozen=True, repr=False)
class HazardsEngine(NoNullScores):
    """One Cox engine per kind; coefficients stand kind after kind, each with all terms."""

    sample: Sample
    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        return f"<HazardsEngine: {self.sample.size}, {len(self.parts)} kinds>"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Labels of the kinds, in the order of their coefficients."""
        return tuple(part.label for part in self.parts)

    def _own(self, estimates: Estimates, place: int) -> Estimates:
        """The coefficients of one part."""
        width = self.parts[place].columns
        at = slice(place * width, (place + 1) * width)
        names = self.parts[place].engine.sample.design.names
        return Estimates(names, estimates.coefficients[at], estimates.covariance[at, at])

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor or its exponential of one kind: ``"linear early"``, ``"ratio early"``.

        For the rows used it is missing where a row is not at risk of that kind.
        """
        what, _, label = kind.partition(" ")
        if what not in ("linear", "ratio") or label not in self.kinds:
            options = [f"{word} {label}" for label in self.kinds for word in ("linear", "ratio")]
            raise DataError(
                f"there is a prediction for each kind of exit: give kind= one of "
                f"{first_few(map(repr, options), 20)}; found {kind!r}"
            )
        place = self.kinds.index(label)
        part = self.parts[place]
        values = part.engine.predict(self._own(estimates, place), data, what)
        if data is not None:
            return values
        out = np.full(len(self.sample.event), np.nan)
        out[part.rows] = values
        return out

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used, with what each Cox model says of them under its kind's name."""
        out = self.sample.frame(*times)
        if self.sample.kinds is not None:
            ended = np.array(["", *self.sample.kinds.labels], dtype=object)
            out[self.sample.design.response] = ended[self.sample.kinds.codes]
        for place, part in enumerate(self.parts):
            own = part.engine.augment(self._own(estimates, place), times)
            for name in ("linear_predictor", "expected", "martingale", "deviance"):
                column = np.full(len(out), np.nan)
                column[part.rows] = own[name].to_numpy()
                out[f"{name}: {part.label}"] = column
        return out

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        values: Floats = self.sample.matrix[:, term % self.parts[0].columns]
        return values

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as predicted, over all kinds."""
        agree, pairs = 0.0, 0.0
        for place, part in enumerate(self.parts):
            own = part.engine.predict(self._own(estimates, place), None, "linear")
            found = concordance(part.engine.prepared, own)
            agree += found.concordant + found.tied_score / 2
            pairs += found.concordant + found.discordant + found.tied_score
        return agree / pairs if pairs else float("nan")

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Wald's limits."""
        return None

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Wald's p-values."""
        return None

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """There is no penalty."""
        return None

    def score_test(self) -> tuple[float, int]:
        """Sum of the kinds' statistics, which are independent, and of their degrees."""
        found = [part.engine.score_test() for part in self.parts]
        return sum(one for one, _ in found), sum(df for _, df in found)

    def null_information(self) -> Floats:
        """Block by kind."""
        return np.asarray(block_diag(*(part.engine.null_information() for part in self.parts)))

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Refits of the kind that the coefficient belongs to; the others do not depend on it."""
        place, own = divmod(term, self.parts[0].columns)
        part = self.parts[place]
        return part.engine.without(groups[part.rows], self._own(estimates, place), own, also)

    def span(self, stratum: object | None) -> Span:
        """Where all kinds are known."""
        spans = [part.engine.span(stratum) for part in self.parts]
        last = max(span.last_event for span in spans)
        return replace(spans[0], last_event=last, first=min(span.first for span in spans))

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """One piece from begin to end."""
        return self.parts[0].engine.pieces(begin, end)

    def incidence(
        self, estimates: Estimates, frame: pd.DataFrame, code: int | None
    ) -> dict[str, Predicted]:
        """Incidence of each kind for the covariates of a frame of one row."""
        kinds = self.sample.kinds
        others = [] if kinds is None else [k for k in kinds.labels if k not in self.kinds]
        lost = [k for k in others if kinds is not None and k not in kinds.empty]
        if lost:
            raise DataError(
                f"incidence depends on all kinds of exit; the fit leaves out {first_few(lost)}: "
                "fit without causes="
            )
        steps = [
            part.engine.steps(self._own(estimates, place), frame, code)
            for place, part in enumerate(self.parts)
        ]
        return {
            label: predicted_incidence(steps, estimates.covariance, place)
            for place, label in enumerate(self.kinds)
        }

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Hazards:
        """Refused."""
        raise DataError("survival of a fit of several kinds: see cumulative_incidence()")
