"""Who looks at a page: visitors, their sessions, and what a browser is told to keep to."""
