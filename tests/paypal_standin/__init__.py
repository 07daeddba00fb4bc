"""The PayPal stand-in, tested as its users meet it: as a program that speaks HTTP."""
