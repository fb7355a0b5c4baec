"""Cox models with the exact partial likelihood of tied events."""
