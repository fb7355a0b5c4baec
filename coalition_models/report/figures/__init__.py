"""Pictures: each function first gathers what it shows as data, then draws it."""
