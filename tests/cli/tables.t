# The built-in tables.

$ tokmark models
$ tokmark claims
$ tokmark models stray
$ tokmark claims stray
