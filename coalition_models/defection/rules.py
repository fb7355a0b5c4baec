"""What counts as a defection: the choices that make a rule, and the rule in words."""

from __future__ import annotations

from dataclasses import dataclass

from coalition_models.arguments import check_arguments, check_count
from coalition_models.defection.withdrawals import LEVELS, MEASURES
from coalition_models.errors import DataError
from coalition_models.members.spell_checks import EVENT_KINDS

__all__ = ["KINDS", "DefectionRule"]

#: kinds of defection, the gravest first
KINDS = ("full", "partial_cut", "re_role", "relocation", "caveat")

_ALLOWED: dict[str, tuple[str, ...]] = {
    "exits": ("significant", "coded", "none"),
    "contested": ("main", "alternative", "either", "both"),
    "exit_date": ("main", "announced", "last"),
    "cuts": ("significant", "coded", "none"),
    "unclear": ("planned", "unplanned"),
    "uncoded": ("leave_out", "count"),
    "falls": ("quartile", "threshold"),
    "measure": MEASURES,
    "every": ("year", "quarter", "month"),
    "level": LEVELS,
    "pooled": ("all", "coalition"),
}
#: words of earlier versions, which most readers took for the opposite of what they meant
_FORMER = {
    ("contested", "lenient"): "; 'lenient' is now called 'both': each coding must count",
    ("contested", "strict"): "; 'strict' is now called 'either': one coding suffices",
}


@dataclass(frozen=True)
class DefectionRule:
    """A rule that says which departures from routine are defections.

    Frozen and hashable; printed, it is a sentence. The default is the default reading of McInnis
    (2020): year-on-year falls ranked by persons and by per cent, those in the upper quartile of
    either are significant, and significant ones that were not planned are defections, whether
    the state left altogether or cut its force; so are unplanned changes of task, place or rules
    that lower the member's own risk.

    Parameters
    ----------
    name : str
    kinds : tuple of str
        Which kinds count: ``full, partial_cut, re_role, relocation, caveat``.
    exits : {"significant", "coded", "none"}
        A full exit counts if its kind is in ``exit_kinds`` and the fall is significant; or for
        its kind alone; or never.
    exit_kinds : tuple of str
        Kinds of exit, as coded in the facts, that are not planned.
    contested : {"main", "alternative", "either", "both"}
        Where a fair reader could code an exit otherwise: the main coding; the other one; with
        ``either`` one coding suffices for the exit to count, with ``both`` each must count.
    exit_date : {"main", "announced", "last"}
        Which date a full exit has, where known: else the main one.
    cuts : {"significant", "coded", "none"}
        A partial cut counts if the fall is significant and was not planned; or every coded
        drawdown that was not planned counts; or none does.
    unclear : {"planned", "unplanned"}
        How changes are read whose planning is defensible both ways.
    uncoded : {"leave_out", "count"}
        What to do with a significant fall for which no change is coded, so that nobody knows
        whether it was planned.
    risk_raising : bool
        Whether moves count that raised the member's own risk.
    falls : {"quartile", "threshold"}
        What makes a fall significant: its rank (``quantile, pooled``), or fixed sizes
        (``cut_persons, cut_percent``).
    measure : {"either", "both", "persons", "percent"}
    quantile : float
    pooled : {"all", "coalition"}
        Rank the falls of all coalitions together, or each coalition's by themselves.
    cut_persons, cut_percent : float
        With ``falls="threshold"``: smallest significant fall.
    minimum : float
        Falls of fewer persons are never significant.
    drawdown_years : int
        Last calendar years of a coalition whose falls are left out.
    every : {"year", "quarter", "month"}
    level : {"end", "mean", "peak"}
        Which strength of a period is compared.
    dip : int
        Falls made good after this many periods of the profile are rotations.
    peak_at_least : float
        Contingents that never reached this strength are tokens and never defect. The peak is
        known only afterwards.

    Raises
    ------
    DataError
        Every field with a value that is not allowed, at once.

    Examples
    --------
    >>> import coalition_models as cm
    >>> print(cm.DefectionRule(name="exits", exits="coded", cuts="none", kinds=("full",)))
    exits: a defection is a full exit coded early, whatever its size, dated by the main exit.
    """

    name: str = "mcinnis"
    kinds: tuple[str, ...] = KINDS
    exits: str = "significant"
    exit_kinds: tuple[str, ...] = ("early",)
    contested: str = "main"
    exit_date: str = "main"
    cuts: str = "significant"
    unclear: str = "planned"
    uncoded: str = "leave_out"
    risk_raising: bool = False
    falls: str = "quartile"
    measure: str = "either"
    quantile: float = 0.75
    pooled: str = "all"
    cut_persons: float = 200
    cut_percent: float = 25
    minimum: float = 0
    drawdown_years: int = 0
    every: str = "year"
    level: str = "end"
    dip: int = 1
    peak_at_least: float = 0

    def __post_init__(self) -> None:
        check_arguments(DefectionRule, vars(self))
        for name in ("kinds", "exit_kinds"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        problems = [
            f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}"
            + _FORMER.get((name, getattr(self, name)), "")
            for name, allowed in _ALLOWED.items()
            if getattr(self, name) not in allowed
        ]
        for name, allowed in (("kinds", KINDS), ("exit_kinds", EVENT_KINDS)):
            value = getattr(self, name)
            if not value or set(value) - set(allowed):
                problems.append(f"{name} must be among {', '.join(allowed)}; found {list(value)}")
        for name in ("cut_persons", "cut_percent", "minimum", "peak_at_least"):
            if not getattr(self, name) >= 0:
                problems.append(f"{name} must be 0 or more, not {getattr(self, name)!r}")
        for name in ("drawdown_years", "dip"):
            try:
                check_count(getattr(self, name), name)
            except DataError as error:
                problems.append(str(error))
        if not 0 <= self.quantile < 1:
            problems.append(f"quantile must lie between 0 and 1, not {self.quantile!r}")
        if problems:
            raise DataError("; ".join(problems))

    @property
    def ranks_falls(self) -> bool:
        """Whether the rule looks at the size of falls."""
        return "significant" in (self.exits, self.cuts)

    def __str__(self) -> str:
        parts = []
        if "full" in self.kinds and self.exits != "none":
            parts.append(f"a full exit coded {_or(self.exit_kinds)}{self._exit_words()}")
        if "partial_cut" in self.kinds and self.cuts != "none":
            parts.append(self._cut_words())
        changes = [_CHANGE_WORDS[k] for k in self.kinds if k in _CHANGE_WORDS]
        if changes:
            risk = "" if self.risk_raising else " that did not raise the member's own risk"
            parts.append(f"{_or(changes)}{risk}, unless planned ({self._unclear_words()})")
        text = "; or ".join(parts) if parts else "nothing"
        tail = f" Significant means {self._size_words()}." if self._sizes_matter() else ""
        if self.peak_at_least > 0:
            tail += f" Contingents that never reached {self.peak_at_least:g} persons are left out."
        return f"{self.name}: a defection is {text}.{tail}"

    def _sizes_matter(self) -> bool:
        return ("full" in self.kinds and self.exits == "significant") or (
            "partial_cut" in self.kinds and self.cuts == "significant"
        )

    def _exit_words(self) -> str:
        size = ", if the fall is significant" if self.exits == "significant" else (
            ", whatever its size"
        )  # fmt: skip
        doubt = {
            "main": "",
            "alternative": ", by the other coding where there is one",
            "both": ", if no fair reader could code it otherwise",
            "either": ", or that a fair reader could code so",
        }[self.contested]
        dated = {
            "main": "the main exit",
            "announced": "the announcement where one is known",
            "last": "the last person out",
        }[self.exit_date]
        return f"{doubt}{size}, dated by {dated}"

    def _cut_words(self) -> str:
        if self.cuts == "coded":
            return f"a coded drawdown, unless planned ({self._unclear_words()})"
        rest = "counted" if self.uncoded == "count" else "left out"
        return (
            f"a significant cut, unless planned ({self._unclear_words()}; cuts without a coded "
            f"change {rest})"
        )

    def _unclear_words(self) -> str:
        return f"unclear cases read as {self.unclear}"

    def _size_words(self) -> str:
        if self.falls == "threshold":
            sizes = {
                "persons": f"{self.cut_persons:g} persons",
                "percent": f"{self.cut_percent:g}%",
            }
            by = " or ".join(sizes.values()) if self.measure == "either" else (
                " and ".join(sizes.values()) if self.measure == "both" else sizes[self.measure]
            )  # fmt: skip
            size = f"a fall of at least {by}"
        else:
            among = "all coalitions" if self.pooled == "all" else "its own coalition"
            by = _MEASURE_WORDS[self.measure]
            size = f"at or above quantile {self.quantile:g} of the falls in {among} {by}"
        less = f", at least {self.minimum:g} persons" if self.minimum > 0 else ""
        late = (
            f", not in the coalition's last {self.drawdown_years} calendar year(s)"
            if self.drawdown_years
            else ""
        )
        return f"{size}{less}{late}, from one {self.every} to the next ({self.level} of it)"


_CHANGE_WORDS = {
    "re_role": "a change to another task",
    "relocation": "a move to another place",
    "caveat": "a tightened caveat",
}
_MEASURE_WORDS = {
    "either": "by persons or by per cent",
    "both": "by persons and by per cent",
    "persons": "by persons",
    "percent": "by per cent",
}


def _or(words: tuple[str, ...] | list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
