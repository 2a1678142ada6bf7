"""Files that the pages write."""
