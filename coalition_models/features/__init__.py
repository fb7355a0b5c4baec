"""What happened around a member: ``add_<idea>(panel, ...) -> panel``."""
