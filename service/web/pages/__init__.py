"""The pages: each module translates what other rooms found into one page and back."""
