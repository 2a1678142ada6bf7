"""The order's life (工单的一生): states, moves and their guards in one table, a history that nobody can rewrite."""
