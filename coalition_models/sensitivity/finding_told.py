"""What a whole sensitivity analysis says: one paragraph, and a table with a line per part."""

from __future__ import annotations

from collections.abc import Mapping

from coalition_models.errors import counted
from coalition_models.render import Table
from coalition_models.sensitivity.finding import Finding
from coalition_models.sensitivity.finding_part import Looked
from coalition_models.sensitivity.finding_words import SAYS, TURNS, opening

__all__ = ["finding_summary", "finding_table", "finding_turns"]


def finding_summary(finding: Finding, looked: Mapping[str, Looked]) -> str:
    """One paragraph: the finding, what every part says of it, what turns it, what is not there."""
    said = [opening(finding)]
    said += [
        SAYS[name](one.result, finding) for name, one in looked.items() if one.result is not None
    ]
    said.append(finding_turns(finding, looked))
    absent = [name for name, one in looked.items() if one.result is None]
    if absent:
        said.append(f"{counted(len(absent), 'part')} could not be had: {', '.join(absent)}.")
    return " ".join(said)


def finding_turns(finding: Finding, looked: Mapping[str, Looked]) -> str:
    """What turns the sign or significance of a finding, and which parts do not."""
    turned = {name: _turned(one, finding) for name, one in looked.items()}
    turning = {name: words for name, words in turned.items() if words}
    steady = [name for name, words in turned.items() if words == ""]
    said = []
    if turning:
        told = "; ".join(f"{words} ({_titled(looked[name])})" for name, words in turning.items())
        said.append(f"Its sign or significance turns with {told}.")
    if steady:
        parts = ", ".join(_titled(looked[name]) for name in steady)
        said.append(f"Nothing turns it in these: {parts}.")
    return " ".join(said) or "No part could say whether it turns."


def _titled(one: Looked) -> str:
    title = one.part.title
    return f"{title[0].lower()}{title[1:]}"


def _turned(one: Looked, finding: Finding) -> str | None:
    """What turns the finding in a part; None where the part could not."""
    if one.result is None or one.part.name not in TURNS:
        return None
    return TURNS[one.part.name](one.result, finding)


def finding_table(finding: Finding, looked: Mapping[str, Looked]) -> Table:
    """A line per part: what it says, and what turns the finding there; or why it is not there."""
    rows = []
    for name, one in looked.items():
        if one.result is None:
            rows.append([name, f"Not there: {finding.in_words(str(one.why))}.", ""])
        else:
            turned = _turned(one, finding)
            rows.append(
                [
                    name,
                    SAYS[name](one.result, finding),
                    turned or ("" if turned is None else "nothing"),
                ]
            )
    title = f"{finding.called}: what it depends on"
    return Table(["part", "what it says", "turned by"], rows, title, [opening(finding)], "lll")
