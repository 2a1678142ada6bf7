"""Transfers, consults, conferences and calls out, on the real switch: what agents ask of a talk that lives."""
