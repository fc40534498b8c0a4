"""What loci are read from: long tables, matrices of counts, files of methylation callers; streamed as blocks."""
