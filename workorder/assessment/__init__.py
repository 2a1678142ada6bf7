"""Assessment of the units (考核): counts from events, marks by the city's scheme, months kept, a year ranked."""
