"""The subcommands of `hotline`, a module each with `add_arguments` and `run`; each wires just the parts it needs."""
