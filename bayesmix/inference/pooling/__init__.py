"""What does partial pooling make of the levels, beside no pooling and beside maximum likelihood?"""
