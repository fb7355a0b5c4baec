"""Kinds of exit in discrete time: a multinomial logit of rows."""
