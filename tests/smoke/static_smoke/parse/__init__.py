"""The references in HTML, CSS, JavaScript and JSON."""
