/* comm.c: collectives by name, their buffers, and how their bus bandwidth follows from the bytes moved. */
#include "tokmark/comm.h"

#include <assert.h>
#include <string.h>

/* NVIDIA/nccl-tests, doc/PERFORMANCE.md. With algbw = S ÷ t, busbw is what each link carries at least: an all-reduce of S
 * bytes over n ranks sends each byte but the n-th part out and back, 2(n−1)/n; a gather or scatter of S bytes in all moves
 * the (n−1)/n that a rank does not hold already; broadcast and send-recv move S once. */
static const struct {
  const char *name;
  int crossings; /* 0: busbw is algbw */
  bool reduces, in_place;
  bool send_all, recv_all; /* the buffer holds a part for each rank */
} rows[TMK_COLL_COUNT] = {
    [TMK_COLL_ALL_REDUCE] = {"all-reduce", 2, true, true, false, false},
    [TMK_COLL_ALL_GATHER] = {"all-gather", 1, false, true, false, true},
    [TMK_COLL_REDUCE_SCATTER] = {"reduce-scatter", 1, true, true, true, false},
    [TMK_COLL_ALL_TO_ALL] = {"all-to-all", 1, false, false, true, true},
    [TMK_COLL_BROADCAST] = {"broadcast", 0, false, true, false, false},
    [TMK_COLL_SEND_RECV] = {"send-recv", 0, false, false, false, false},
};

const char *tmk_collective_name(enum tmk_collective collective)
{
  assert((unsigned)collective < TMK_COLL_COUNT);
  return rows[collective].name;
}

double tmk_collective_bus_factor(enum tmk_collective collective, int ranks)
{
  assert((unsigned)collective < TMK_COLL_COUNT && ranks >= 1);
  if (rows[collective].crossings == 0) return 1.0;
  return (double)rows[collective].crossings * (double)(ranks - 1) / (double)ranks;
}

bool tmk_collective_reduces(enum tmk_collective collective)
{
  assert((unsigned)collective < TMK_COLL_COUNT);
  return rows[collective].reduces;
}

bool tmk_collective_in_place(enum tmk_collective collective)
{
  assert((unsigned)collective < TMK_COLL_COUNT);
  return rows[collective].in_place;
}

int tmk_collective_send_parts(enum tmk_collective collective, int ranks)
{
  assert((unsigned)collective < TMK_COLL_COUNT);
  return rows[collective].send_all ? ranks : 1;
}

int tmk_collective_recv_parts(enum tmk_collective collective, int ranks)
{
  assert((unsigned)collective < TMK_COLL_COUNT);
  return rows[collective].recv_all ? ranks : 1;
}

const struct tmk_comm_ops *tmk_comm_find(const char *name)
{
  for (int i = 0; tmk_comms[i] != NULL; i++) {
    if (strcmp(tmk_comms[i]->name, name) == 0) return tmk_comms[i];
  }
  return NULL;
}
