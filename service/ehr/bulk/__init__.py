"""Bulk Data Access: a whole cohort in a few files, for its first load and where nothing else is.

A newcomer would get one thing wrong: an export is no snapshot that one can trust blindly. Files are
cut, types are left out and errors stand in files of their own, so that what did not come is kept
apart from what is not there, as everywhere (integration notes 1.7).
"""
