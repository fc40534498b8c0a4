"""The command line: it reads arguments and prints results; the rooms below do the work."""
