"""What any table must hold, how it is read, and what a user hands over."""
