"""Every page and job on a site with a million orders, against one with a thousandth of them."""
