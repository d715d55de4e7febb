"""Celery doors: they translate messages into calls of the line, and nothing else."""
