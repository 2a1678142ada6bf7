"""Clocks (时限): clock hours, calendar days and Chinese workdays; every due date can explain itself."""
