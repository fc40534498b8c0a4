"""From an analysis card to a folder of results: reading, fitting, drawing and writing, by one writer at a time."""
