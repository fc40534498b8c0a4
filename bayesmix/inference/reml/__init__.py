"""Answers from the estimates of a `RemlFit`, one file per question; the questions themselves stand a folder above."""
