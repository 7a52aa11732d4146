"""{% compress %} blocks: found in the templates, compiled, bundled and minified."""
