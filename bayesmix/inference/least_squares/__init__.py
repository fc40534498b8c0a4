"""Answers from an `LmFit`, one file per question; the questions themselves stand a folder above."""
