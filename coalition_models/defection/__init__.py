"""What counts as leaving: profiles, withdrawals, rules, coding."""
