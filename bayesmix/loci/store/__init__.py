"""Results of loci on the disk: a manifest, chunks that are added one by one, and at the end one table."""
