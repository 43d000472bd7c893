# What each command says of itself.

$ tokmark run --help
$ tokmark ops --help
$ tokmark verify --help
$ tokmark devices --help
$ tokmark models --help
$ tokmark claims --help
$ tokmark target --help
$ tokmark show --help
