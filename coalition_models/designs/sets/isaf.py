"""The force in Afghanistan (ISAF), 2001-2014, by month."""

from coalition_models.designs.bundled_set import bundled_set

SET = bundled_set("isaf", place="Afghanistan (ISAF)", order=2)
