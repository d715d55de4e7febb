"""Files that can be mailed and printed: one HTML file with everything in it.

A newcomer would get two things wrong. Such a file loads nothing, from anywhere: style sheet and
pictures stand in it, and its own content policy forbids the rest. And the words and numbers are
those of the pages and of the command line; nothing is worked out here.
"""
