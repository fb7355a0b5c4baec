"""Small Cox data whose every number is a fraction, derived here by the definitions.

With covariates 0 and 1 and a rational r = exp(coefficient) all sums of a Cox model are rational.
R's own numbers for the same data stand in ``tests/fixtures/r/suite_cox.json`` (cases ``hand-*``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from coalition_models.kernels.baseline import baseline_hazard
from coalition_models.kernels.cox import Prepared, evaluate, fit, prepare
from coalition_models.kernels.ph import ph_score_test
from coalition_models.kernels.residuals import martingale, schoenfeld, score_residuals

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "suite_cox.json").read_text()
)
SETS = FIXTURE["sets"]
ESTIMATES = {case["name"]: case["coefficients"] for case in FIXTURE["cases"]}
TOLERANCE = 1e-13


@pytest.fixture(params=["numba", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_NUMBA", "1" if request.param == "numpy" else "0")


@dataclass
class Exact:
    """Everything of a Cox model at r, as fractions."""

    score: Fraction = Fraction(0)
    information: Fraction = Fraction(0)
    log_likelihood: float = 0.0
    martingale: list[Fraction] = field(default_factory=list)
    scores: list[Fraction] = field(default_factory=list)
    schoenfeld: list[tuple[str, int, Fraction]] = field(default_factory=list)
    cumulative: list[Fraction] = field(default_factory=list)
    #: per event time: the time, its Schoenfeld residuals' sum, the variance of x
    moments: list[tuple[int, Fraction, Fraction]] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """An event time of one stratum: who is at risk and who has the event."""

    time: int
    stratum: str
    risk: list[int]
    events: list[int]


def moments(data: dict) -> Iterator[Moment]:
    n = len(data["stop"])
    strata = data.get("s", ["a"] * n)
    starts = data.get("start", [-math.inf] * n)
    for s in sorted(set(strata)):
        own = [i for i in range(n) if strata[i] == s]
        for t in sorted({data["stop"][i] for i in own if data["event"][i]}):
            risk = [i for i in own if starts[i] < t <= data["stop"][i]]
            events = [i for i in risk if data["event"][i] and data["stop"][i] == t]
            yield Moment(t, s, risk, events)


def exact(data: dict, r: Fraction, ties: str, weighted: bool) -> Exact:
    n, x = len(data["stop"]), data["x"]
    w = [Fraction(v) if weighted else Fraction(1) for v in data["w"]]
    out = Exact(martingale=[Fraction(e) for e in data["event"]], scores=[Fraction(0)] * n)
    total, stratum = Fraction(0), None
    for at in moments(data):
        total = total if at.stratum == stratum else Fraction(0)
        stratum, d = at.stratum, len(at.events)
        mean_weight = sum(w[i] for i in at.events) / d
        mean_of_means = variance = Fraction(0)
        for k in range(d):
            share = Fraction(k, d) if ties == "efron" else Fraction(0)
            left = {i: 1 - share if i in at.events else Fraction(1) for i in at.risk}
            size = sum(w[i] * r ** x[i] * left[i] for i in at.risk)
            mean = sum(w[i] * r ** x[i] * left[i] * x[i] for i in at.risk) / size
            square = sum(w[i] * r ** x[i] * left[i] * x[i] ** 2 for i in at.risk) / size
            step = mean_weight / size
            for i in at.risk:
                out.martingale[i] -= r ** x[i] * step * left[i]
                out.scores[i] -= r ** x[i] * step * left[i] * (x[i] - mean)
            total += step
            mean_of_means += mean / d
            variance += mean_weight * (square - mean**2)
            out.log_likelihood -= float(mean_weight) * math.log(size)
        for i in at.events:
            out.scores[i] += x[i] - mean_of_means
            out.schoenfeld.append((at.stratum, at.time, x[i] - mean_of_means))
            out.log_likelihood += float(w[i] * x[i]) * math.log(r)
        pull = sum(w[i] * (x[i] - mean_of_means) for i in at.events)
        out.score += pull
        out.information += variance
        out.cumulative.append(total)
        out.moments.append((at.time, pull, variance))
    return out


def prepared_of(data: dict, ties: str, weighted: bool) -> Prepared:
    n = len(data["stop"])
    start = data.get("start", [min(data["stop"]) - 1] * n)
    X = np.array(data["x"], dtype=float)[:, None]
    return prepare(
        start, data["stop"], data["event"], X, ties=ties,
        weights=data["w"] if weighted else None, strata=data.get("s"),
    )  # fmt: skip


CHOICES = list(product(["hand", "hand_counting", "hand_thrice"], ["efron", "breslow"], [0, 1]))


@pytest.mark.parametrize("r", [Fraction(1), Fraction(2), Fraction(1, 3), Fraction(7, 5)])
@pytest.mark.parametrize(("name", "ties", "weighted"), CHOICES)
def test_every_number_is_its_fraction(name, ties, weighted, r):
    data = SETS[name]
    theirs, ours = exact(data, r, ties, bool(weighted)), prepared_of(data, ties, bool(weighted))
    beta = [math.log(r)]
    at = evaluate(ours, beta)
    # the kernel's x is centred, so its likelihood is that of the definition
    compare([at.log_likelihood], [theirs.log_likelihood])
    compare(at.score, [theirs.score])
    compare(at.information.ravel(), [theirs.information])
    compare(martingale(ours, beta), theirs.martingale)
    compare(score_residuals(ours, beta).ravel(), theirs.scores)
    found = schoenfeld(ours, beta)
    listed = sorted(zip(found.strata, found.times, found.residuals.ravel(), strict=True))
    compare([v for *_, v in listed], [float(v) for *_, v in sorted(theirs.schoenfeld)])
    compare(baseline_hazard(ours, beta, at=[0.0]).cumulative, theirs.cumulative)


def compare(ours: object, theirs: list) -> None:
    np.testing.assert_allclose(
        ours, [float(value) for value in theirs], rtol=TOLERANCE, atol=TOLERANCE
    )


def test_seven_rows_with_a_pencil():
    """Risk sets 4r + 3 at 2, 3r + 2 at 4, 2r + 2 at 5 (two events, x = 1 and 0), r + 1 at 7.

    Breslow's and Efron's scores are the same, since the tied pair is half of its risk set in kind:
    3 - 4r/(4r + 3) - 3r/(3r + 2) - 3r/(r + 1), at r = 1 3 - 4/7 - 3/5 - 3/2 = 23/70.
    The information there is 12/49 + 6/25 + 3/4; the likelihoods are 1/7 1/5 1/4 1/4 1/2, and under
    Efron 1/3 for the second 1/4.
    """
    for ties, likelihood in (("breslow", Fraction(1, 1120)), ("efron", Fraction(1, 840))):
        at = evaluate(prepared_of(SETS["hand"], ties, False), [0.0])
        compare(at.score, [Fraction(23, 70)])
        compare(at.information.ravel(), [Fraction(12, 49) + Fraction(6, 25) + Fraction(3, 4)])
        assert at.log_likelihood == pytest.approx(math.log(likelihood), rel=1e-14)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_maximum_is_the_root_of_the_polynomial(ties):
    """3 (4r+3)(3r+2)(r+1) = 4r (3r+2)(r+1) + 3r (4r+3)(r+1) + 3r (4r+3)(3r+2)."""
    p = np.polynomial.Polynomial
    r, a, b, c = p([0, 1]), p([3, 4]), p([2, 3]), p([1, 1])
    roots = (3 * a * b * c - 4 * r * b * c - 3 * r * a * c - 3 * r * a * b).roots()
    (root,) = roots[(np.abs(roots.imag) < 1e-12) & (roots.real > 0)].real
    ours = fit(prepared_of(SETS["hand"], ties, False))
    assert ours.coefficients[0] == pytest.approx(math.log(root), rel=1e-10)
    assert ours.coefficients[0] == pytest.approx(ESTIMATES[f"hand-{ties}"][0], rel=1e-10)
    value = exact(SETS["hand"], Fraction(root), ties, False)
    assert float(value.score) == pytest.approx(0, abs=1e-12)
    assert ours.covariance[0, 0] == pytest.approx(1 / float(value.information), rel=1e-10)


def pairs(wins: list[int], losses: list[int]) -> dict:
    """Strata of two: at its time one of them, x = 1 in wins and x = 0 in losses, has the event."""
    times = sorted([*wins, *losses])
    return {
        "stop": [t for t in times for _ in range(2)],
        "event": [1, 0] * len(times),
        "x": [value for t in times for value in ((1, 0) if t in wins else (0, 1))],
        "s": [name for t in times for name in [f"pair {t:02d}"] * 2],
        "w": [1] * (2 * len(times)),
    }


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(
    ("wins", "losses"), [([1, 2, 4, 6], [3, 5]), ([2, 9], [4]), ([1, 3, 4, 8, 10], [2, 5, 6])]
)
def test_proportional_hazards_by_fractions(ties, wins, losses):
    """Pairs have r = wins / losses. With u = sum g (x - mean), V the variance of x at each event:

    u^2 / (sum g^2 V - (sum g V)^2 / sum V). For wins at 1, 2, 4, 6 and losses at 3, 5 the mean is
    2/3 and V 2/9, so u = 13/3 - 16/3 = -1 and the statistic is 1 / (182/9 - 147/9) = 9/35.
    """
    data, r = pairs(wins, losses), Fraction(len(wins), len(losses))
    value = exact(data, r, ties, False)
    assert value.score == 0
    u = sum(t * pull for t, pull, _ in value.moments)
    first = sum(t * v for t, _, v in value.moments)
    drift = sum(t * t * v for t, _, v in value.moments) - first**2 / value.information
    if wins == [1, 2, 4, 6]:
        assert u**2 / drift == Fraction(9, 35)
    ours = prepared_of(data, ties, False)
    assert fit(ours).coefficients[0] == pytest.approx(math.log(r), rel=1e-12)
    test = ph_score_test(ours, [math.log(r)], ours.event_times)
    compare([test.statistic[0], test.global_statistic], [u**2 / drift] * 2)


@pytest.mark.parametrize("weighted", [False, True])
def test_hazards_at_zero_are_nelson_aalen_and_fleming_harrington(weighted):
    """Weighted events over weighted rows at risk; under Efron one event after the other leaves."""
    data = SETS["hand_counting"]
    w = [Fraction(v) if weighted else Fraction(1) for v in data["w"]]
    for ties in ("breslow", "efron"):
        total, expected = Fraction(0), []
        for at in moments(data):
            d, size = len(at.events), sum(w[i] for i in at.risk)
            gone = sum(w[i] for i in at.events)
            for k in range(d):
                total += gone / d / (size - (Fraction(k, d) * gone if ties == "efron" else 0))
            expected.append(total)
        found = baseline_hazard(prepared_of(data, ties, weighted), [0.0])
        compare(found.cumulative, expected)
