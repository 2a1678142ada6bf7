"""The telephone switch: Asterisk, started, configured and spoken to."""
