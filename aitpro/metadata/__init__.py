"""What search engines, link previews and phones are told about the site and its pages."""
