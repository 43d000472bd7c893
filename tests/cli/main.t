# The command line itself.

$ tokmark --version
> tokmark <version> (<git>)
> <build>
$ tokmark --help
> Usage: tokmark [command] [options]
>
> What token throughput does this hardware reach, how far is that from its limit, and how many
> of these make a reported figure? No model weights, no server: kernels on a model's shape.
>
> Commands:
>   run       measure a sweep of a model's steps on a device: the main job, and the default
>   ops       measure single operations over shapes
>   comm      measure collectives over several ranks
>   scale     run the same workload on 1 to N ranks: speed-up, efficiency, losses
>   verify    check every operation of a device against the float64 reference
>   devices   what is here: devices and what they reach
>   models    the built-in models
>   claims    the reported figures that results are held against
>   target    how many of the measured device make a reported figure
>   compare   results of the same points against each other: a gate for CI
>   show      print a result file again
>   report    result files as one HTML page with charts
>   import    other benchmarks' results as reported points
>
> 'tokmark COMMAND --help' lists a command's options; 'tokmark --version' says what was built.
> Exit codes: 0 good; 1 the run failed, or a point did; 2 usage; 130 after Ctrl-C.
$ tokmark --help > a; tokmark help > b; tokmark -h > c; cmp a b && cmp a c
$ tokmark frobnicate
? 2
! tokmark: frobnicate: unknown command; see tokmark --help
$ tokmark tagret r.json
? 2
! tokmark: tagret: unknown command; did you mean target?
$ tokmark help tagret
? 2
! tokmark: tagret: unknown command; did you mean target?
$ tokmark help frobnicate
? 2
! tokmark: frobnicate: unknown command; see tokmark --help
$ tokmark ''
? 2
! tokmark: the command's name is empty; see tokmark --help
$ tokmark --bach 1
? 2
! tokmark: --bach: unknown option; did you mean --batch?
$ tokmark -z
? 2
! tokmark: -z: unknown option; see --help
$ tokmark RUN
? 2
! tokmark: RUN: unknown command; did you mean run?

# help CMD is CMD --help, for every command.
$ for c in run ops verify devices models claims target show; do tokmark help $c > a; tokmark $c --help > b; cmp a b && [ -s a ] || echo differs: $c; done

# Lines of help stay within 96 columns.
$ for c in run ops verify devices models claims target show; do tokmark $c --help | awk -v c=$c 'length > 96 { print c ": " $0 }'; done
