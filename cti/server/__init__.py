"""The composition root: the only place, with the commands, that names adapters."""
