"""Races: the student's files in the interleaving explorer (docs/interleave.md), beside control
runs.

kit.py makes what it is built with, build.py the program for a submission, run.py lets it explore,
race.py judges.
"""
