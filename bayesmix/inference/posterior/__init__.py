"""Answers from the draws of a `Fit`, one file per question; the questions themselves stand a folder above."""
