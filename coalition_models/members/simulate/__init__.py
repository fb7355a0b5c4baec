"""Made-up panels."""
