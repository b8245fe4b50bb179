"""Grades a lab: builds the owned files beside the reference, drives the kernel, judges what it did.
"""
