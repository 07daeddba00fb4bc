"""Who is signed in: sessions under a keyed digest, their lifetimes, and how they are ended."""
