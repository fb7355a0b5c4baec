"""How far a finding depends on choices."""
