"""SMART Backend Services: keys, assertions, scopes, and what login servers answer."""
