"""What reaches the site from outside before a view sees it: bodies without a length, headers of proxies."""
