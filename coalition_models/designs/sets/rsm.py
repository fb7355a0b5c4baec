"""Resolute Support in Afghanistan, 2015-2021, by month."""

from coalition_models.designs.bundled_set import bundled_set

SET = bundled_set("rsm", place="Afghanistan (Resolute Support)", order=2)
