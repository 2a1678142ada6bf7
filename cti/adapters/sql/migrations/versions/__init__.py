"""The steps that lead every database to the present tables, oldest first; a released step is never changed."""
