"""How sure a finding is, for any fit."""
