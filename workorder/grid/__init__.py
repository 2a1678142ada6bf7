"""The digital-city centre (数字城管): grids, components, event types, collectors; whose a case is, what counts."""
