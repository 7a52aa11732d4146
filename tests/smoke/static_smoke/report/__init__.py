"""The findings, and how a person and a program read them."""
