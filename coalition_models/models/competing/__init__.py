"""Cox models of several kinds of exit, or of moves between states, in one fit."""
