"""Cox models with a frailty shared by the spells of a state (or another group)."""
