"""Stage 3: what becomes of the request (工单)."""
