"""From one release to the next while the site serves: `manage.py upgrade`, and which migrations may run meanwhile."""
