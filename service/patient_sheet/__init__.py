"""One person on one sheet: all that a clinician reads about them, in words ready to be shown.

reading.py asks the EHR, sheet.py and its parts put it into words, looks.py does both in time.
"""
