# Collectives: what is refused, in one line; tables and files are in test_comm.py.

$ tokmark comm --help
> Usage: tokmark comm [options]
>
> Times collectives over several ranks, every element checked before and after. A rank is a GPU
> (NCCL) or a CPU thread; under mpirun or srun a process (a build with MPI=1). The slowest rank's
> time is the figure.
>
> Options:
>       --op LIST          Collectives (all-reduce, all-gather, reduce-scatter, all-to-all,
>                          broadcast, send-recv or all; default all)
>       --bytes LIST       Sizes, as nccl-tests counts them: of the larger buffer, all ranks'
>                          parts (1..1099511627776, K M G allowed; default 1K..64M)
>       --dtype LIST       Types of the elements (f32, bf16, f16, f64, i32 or fp8; default f32)
>       --place LIST       Out of place, in place; all-to-all and send-recv have no in (out or in;
>                          default out,in)
>       --mode LIST        Calls from the host, and replayed from a CUDA graph on a GPU (eager or
>                          graph; default eager,graph)
>       --device DEVICE    auto, cpu or cuda: one device a rank (default auto)
>       --ranks N          Threads of this process, a rank each (default: one a GPU, or 2 on a
>                          CPU); not under mpirun or srun (1..64)
>       --time SECONDS     Sampling time a row may take; 6 samples are taken whatever it is
>                          (0.001..86400; default 0.1)
>       --timeout SECONDS  A rank that is not heard, or does not come to a call, for so long ends
>                          the run (1..86400; default 30)
>   -o, --output FILE      Write the result there, anew after each row
>       --force            Overwrite an existing output file
>   -h, --help             Print this help
>
> Examples:
>   tokmark comm --device cpu --ranks 4 --bytes 1K..4M
>   tokmark comm --op all-reduce --dtype bf16 --bytes 8..1G
>   mpirun -np 4 tokmark comm --device cpu -o comm.json
$ tokmark comm --device cpu --bytes 0
? 2
! tokmark: --bytes 0: must be 1..1099511627776
$ tokmark comm --device cpu --bytes 6
? 2
! tokmark: --bytes 6: must be a multiple of 4, the size of f32
$ tokmark comm --device cpu --bytes 6 --dtype bf16,f64
? 2
! tokmark: --bytes 6: must be a multiple of 8, the size of f64
$ tokmark comm --device cpu --op reduce
? 2
! tokmark: --op reduce: must be all-reduce, all-gather, reduce-scatter, all-to-all, broadcast, send-recv or all
$ tokmark comm --device cpu --ranks 0
? 2
! tokmark: --ranks 0: must be 1..64
$ tokmark comm --device cpu --ranks 65
? 2
! tokmark: --ranks 65: must be 1..64
$ tokmark comm --device cpu:0
? 2
! tokmark: --device cpu:0: must be auto, cpu or cuda: each rank has its own
$ tokmark comm --device null
? 2
! tokmark: --device null: it has no ranks: must be auto, cpu or cuda
$ tokmark comm --device cpu --timeout 0
? 2
! tokmark: --timeout 0: must be 1..86400
$ touch old.json; tokmark comm --device cpu -o old.json
? 2
! tokmark: --output old.json: exists; --force overwrites it
$ tokmark comm --device cpu --op all-gather,all-reduce --bytes 8 --ranks 3 --time 0.001 --place in | grep skipped
> all-gather               8           0   f32  none    -    in eager skipped: 8 bytes are less than an element of each of 3 ranks
> 2 points: 1 SUSPECT, 1 skipped
$ tokmark comm --device cpu --op all-reduce --dtype fp8 --bytes 8 --time 0.001 --place out | grep skipped
> all-reduce               8           8   fp8   sum    -   out eager skipped: all-reduce in fp8: the host adds up f64, f32, bf16, f16, i32
> 1 point: 1 skipped
# Started as several tasks, each would measure the same device.
$ OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=0 tokmark ops --device cpu
? 2
! tokmark: ops: started as 4 tasks (OMPI_COMM_WORLD_SIZE): it measures one device: start it once, without mpirun or srun
$ OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_RANK=3 tokmark ops --device cpu
? 2
$ PMI_SIZE=2 PMI_RANK=0 tokmark ops
? 2
! tokmark: ops: started as 2 tasks (PMI_SIZE): it measures one device: start it once, without mpirun or srun
$ PMIX_RANK=1 tokmark verify
? 2
$ SLURM_STEP_NUM_TASKS=8 SLURM_PROCID=0 tokmark verify
? 2
! tokmark: verify: started as 8 tasks (SLURM_STEP_NUM_TASKS): it measures one device: start it once, without mpirun or srun
$ SLURM_NTASKS=8 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 tokmark comm --device cpu --bytes 6
? 2
! tokmark: --bytes 6: must be a multiple of 4, the size of f32
