"""From an analysis card to a folder of results: what is read, fitted, drawn and written, by one writer at a time."""
