"""Reports (报表): what happened, counted by the city's dimensions, put into templates that are data."""
