"""Estimates, group effects, fitted values and tests of fixed terms: tables of a fit as R's generics have them."""
