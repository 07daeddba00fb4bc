"""Campaign labels: declared by an affiliate, counted by click, and by sale only for several buyers together."""
