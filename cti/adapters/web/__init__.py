"""HTTP: pages that people outside the centre may open."""
