"""Event -> fact, person or machine, roll-ups."""
