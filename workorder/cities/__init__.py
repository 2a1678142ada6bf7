"""Cities (政策包): each city's rules are a YAML file here, with a source clause on every rule; never Python."""
