"""Von Borzyskowski and Vabulas (2019)."""
