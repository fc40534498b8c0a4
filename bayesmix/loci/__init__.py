"""One model fitted to thousands of loci: reading, fitting, keeping, and what is called significant."""
