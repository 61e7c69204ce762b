"""What happens between a value on the page and an answer to it."""
