"""The line that makes each figure of the report, for a reader who wants to make it or change it."""

from __future__ import annotations

import re

__all__ = ["line_of"]

_ANALYSIS = "cm.analyse_hypotheses()"
#: name of a figure (parts of it in groups) -> the line; ``cm`` is the package
_LINES = {
    r"participation": (
        "cm.plot.participation(cm.load('participation').query(\"coalition == 'iraq'\"), "
        "mandate_end='2008-12-31')"
    ),
    r"survival": "cm.plot.survival(cm.survival_curve(cm.build_panel(cm.facts('iraq'))))",
    r"defection_profiles": (
        "cm.plot.profile(cm.operational_profile(cm.facts('iraq').members)"
        ".query('state == \"POL\"'))"
    ),
    r"defection_readings_(\w+)": (
        "cm.plot.readings(cm.compare_rules(cm.quartile_readings(), {0!r}, "
        "formula='event ~ election_near + leader_change + log_deaths_12m + combat_role'))"
    ),
    r"questions_frequencies": (
        "cm.plot.frequencies(cm.frequencies(outcomes=['early', 'every defection']))"
    ),
    r"questions_forms": "cm.plot.frequencies(cm.frequencies(by='form'))",
    r"questions_hollowing": "cm.plot.hollowing(cm.hollowing(cm.facts('iraq')))",
    r"verdicts": f"cm.plot.verdicts({_ANALYSIS}.verdicts)",
    r"forest_(H\d+)": f"cm.plot.forest({_ANALYSIS}.verdicts, {{0!r}})",
    r"contested_([a-z]+)_([a-z0-9]+)": "cm.plot.contested(cm.contest({0!r}, {1!r}))",
}


def line_of(figure: str) -> str:
    """A line that makes a figure, by the name of its file; empty where none is known.

    Examples
    --------
    >>> line_of("survival")
    "cm.plot.survival(cm.survival_curve(cm.build_panel(cm.facts('iraq'))))"
    >>> line_of("forest_H01")
    "cm.plot.forest(cm.analyse_hypotheses().verdicts, 'H01')"
    >>> line_of("my own")
    ''
    """
    for pattern, line in _LINES.items():
        found = re.fullmatch(pattern, figure)
        if found:
            return line.format(*found.groups())
    return ""
