"""The families of distributions that a response may have, one file a kin, each with all that is known of it."""
