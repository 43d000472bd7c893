/* nccl_move.c: messages between ranks, and what a collective makes of them. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nccl_internal.h"

size_t nc_type_bytes(int type)
{
  static const uint8_t bytes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};
  return type >= 0 && type < (int)sizeof bytes ? bytes[type] : 0;
}

/* A message on its way: out of `data`, or into it. */
struct message {
  bool out;
  int peer;
  struct nc_header header;
  uint8_t *data; /* owned */
  size_t bytes, done;
  bool begun, ended;
};

struct traffic {
  struct ncclComm *comm;
  struct message list[2 * NC_RANKS * 2 + NC_OPS];
  int count;
};

static uint8_t *add(struct traffic *traffic, bool out, int peer, const struct nc_header *header, const uint8_t *from,
                    size_t bytes)
{
  struct message *message = &traffic->list[traffic->count++];
  *message = (struct message){.out = out, .peer = peer, .header = *header, .bytes = bytes};
  message->data = malloc(bytes + 1);
  if (message->data == NULL) abort();
  if (out && bytes > 0) memcpy(message->data, from, bytes);
  return message->data;
}

static bool agree(struct traffic *traffic, const struct message *message, const struct nc_header *got)
{
  const struct nc_header *own = &message->header;
  struct ncclComm *comm = traffic->comm;
  if (memcmp(own, got, sizeof *own) == 0) return true;
  if (got->kind == own->kind && got->sequence != own->sequence) {
    nc_finding(comm, nc_kind_name(own->kind), "call %llu of rank %d, but call %llu of rank %d: the order differs",
               (unsigned long long)own->sequence, comm->rank, (unsigned long long)got->sequence, message->peer);
  } else {
    nc_finding(comm, nc_kind_name(own->kind),
               "rank %d: %llu elements of type %d, operation %d, root %d; rank %d: %s of %llu of type %d, operation "
               "%d, root %d",
               comm->rank, (unsigned long long)own->count, own->type, own->op, own->root, message->peer,
               nc_kind_name(got->kind), (unsigned long long)got->count, got->type, got->op, got->root);
  }
  return false;
}

/* A chunk, or nothing if the mailbox is not ready. −1: the ranks disagree. */
static int step(struct traffic *traffic, struct message *message)
{
  struct ncclComm *comm = traffic->comm;
  struct nc_mailbox *box =
      message->out ? &comm->shared->boxes[comm->rank][message->peer] : &comm->shared->boxes[message->peer][comm->rank];
  if (atomic_load_explicit(&box->full, memory_order_acquire) != (message->out ? 0 : 1)) return 0;
  if (message->out) {
    const size_t left = message->bytes - message->done;
    box->bytes = (uint32_t)(left < NC_CHUNK ? left : NC_CHUNK);
    box->header = message->header;
    memcpy(box->data, message->data + message->done, box->bytes);
  } else {
    if (!agree(traffic, message, &box->header)) return -1;
    memcpy(message->data + message->done, box->data, box->bytes);
  }
  message->done += box->bytes;
  message->ended = message->done == message->bytes;
  atomic_store_explicit(&box->full, message->out ? 1 : 0, memory_order_release);
  return 1;
}

/* All messages, those of a pair and direction one after the other. False: aborted, or the ranks disagree. */
static bool exchange(struct traffic *traffic)
{
  struct ncclComm *comm = traffic->comm;
  for (;;) {
    bool moved = false, all = true;
    for (int i = 0; i < traffic->count; i++) {
      struct message *message = &traffic->list[i];
      bool first = !message->ended;
      for (int k = 0; k < i && first; k++) {
        const struct message *other = &traffic->list[k];
        first = other->ended || other->out != message->out || other->peer != message->peer;
      }
      all = all && message->ended;
      const int result = first ? step(traffic, message) : 0;
      if (result < 0) return false;
      moved = moved || result > 0;
    }
    if (all) return true;
    if (atomic_load(&comm->shared->aborted) || atomic_load(&comm->shared->failed)) return false;
    if (!moved) __cudaSimgpuYield();
  }
}

static float bf16(uint16_t bits)
{
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static uint16_t to_bf16(float value)
{
  uint32_t wide;
  memcpy(&wide, &value, sizeof wide);
  if ((wide & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(wide >> 16 | 0x40u);
  return (uint16_t)((wide + 0x7fffu + (wide >> 16 & 1u)) >> 16);
}

/* binary16, by way of the numbers themselves: 11 bits of significand, 2^-24 the smallest place. */
static float f16(uint16_t bits)
{
  const int exponent = bits >> 10 & 31;
  const float fraction = (float)(bits & 1023), sign = bits >> 15 != 0 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  return sign * (exponent == 0 ? ldexpf(fraction, -24) : ldexpf(1024 + fraction, exponent - 25));
}

static uint16_t to_f16(float value)
{
  const uint16_t sign = signbit(value) ? 0x8000 : 0;
  int exponent;
  if (isnan(value)) return 0x7e00;
  if (fabsf(value) >= 65520.0f) return (uint16_t)(sign | 0x7c00);
  (void)frexpf(value, &exponent); /* value < 2^exponent */
  const int place = exponent - 11 > -24 ? exponent - 11 : -24;
  const long whole = lrintf(ldexpf(fabsf(value), -place)); /* 0 … 2048, to nearest even */
  return (uint16_t)(sign | (whole + ((place + 24) << 10)));
}

static void sum(int type, uint8_t *into, const uint8_t *from, uint64_t count)
{
  for (uint64_t i = 0; i < count; i++) {
    switch (type) {
    case ncclFloat32: ((float *)(void *)into)[i] += ((const float *)(const void *)from)[i]; break;
    case ncclFloat64: ((double *)(void *)into)[i] += ((const double *)(const void *)from)[i]; break;
    case ncclInt32: ((uint32_t *)(void *)into)[i] += ((const uint32_t *)(const void *)from)[i]; break;
    case ncclFloat16: {
      uint16_t *to = &((uint16_t *)(void *)into)[i];
      *to = to_f16(f16(*to) + f16(((const uint16_t *)(const void *)from)[i]));
      break;
    }
    case ncclBfloat16: {
      uint16_t *to = &((uint16_t *)(void *)into)[i];
      *to = to_bf16(bf16(*to) + bf16(((const uint16_t *)(const void *)from)[i]));
      break;
    }
    default: into[i] = (uint8_t)(into[i] + from[i]); break;
    }
  }
}

/* One collective: every rank sends each other one what it is to have. */
static bool collective(struct ncclComm *comm, const struct nc_op *op, const uint8_t *send, uint8_t *recv)
{
  static _Thread_local struct traffic traffic;
  const size_t part = (size_t)op->count * nc_type_bytes(op->type);
  const struct nc_header header = {comm->collectives++, op->count, op->kind, op->type, op->op, op->peer};
  const bool scatter = op->kind == NC_REDUCE_SCATTER, gather = op->kind == NC_ALL_GATHER,
             cast = op->kind == NC_BROADCAST;
  uint8_t *parts[NC_RANKS] = {NULL};
  uint8_t *own = malloc(part + 1);
  if (own == NULL) abort();
  traffic.comm = comm;
  traffic.count = 0;
  if (send != NULL && part > 0) memcpy(own, send + (scatter ? (size_t)comm->rank * part : 0), part);
  for (int i = 0; i < comm->ranks; i++) {
    if (i == comm->rank) continue;
    /* Of a broadcast the others send the root nothing but that they are there. */
    const bool full_out = !cast || comm->rank == op->peer, full_in = !cast || i == op->peer;
    add(&traffic, true, i, &header, send == NULL ? own : send + (scatter ? (size_t)i * part : 0), full_out ? part : 0);
    parts[i] = add(&traffic, false, i, &header, NULL, full_in ? part : 0);
  }
  parts[comm->rank] = own;
  const bool good = exchange(&traffic);
  for (int i = 0; good && i < comm->ranks; i++) {
    if (gather) memcpy(recv + (size_t)i * part, parts[i], part);
    if (cast && i == op->peer) memcpy(recv, parts[i], part);
    if (!gather && !cast && i > 0) sum(op->type, parts[0], parts[i], op->count);
  }
  if (good && !gather && !cast) memcpy(recv, parts[0], part);
  for (int i = 0; i < traffic.count; i++) free(traffic.list[i].data);
  free(own);
  return good;
}

static bool pairs(struct ncclComm *comm, const struct nc_op *ops, uint64_t count, uint8_t *const *bytes)
{
  static _Thread_local struct traffic traffic;
  uint8_t *into[NC_OPS] = {NULL};
  traffic.comm = comm;
  traffic.count = 0;
  for (uint64_t i = 0; i < count; i++) {
    const bool out = ops[i].kind == NC_SEND;
    struct nc_header header = {0, ops[i].count, NC_SEND, ops[i].type, 0, 0};
    header.sequence = out ? comm->sends[ops[i].peer]++ : comm->receives[ops[i].peer]++;
    into[i] = add(&traffic, out, ops[i].peer, &header, out ? bytes[ops[i].send_span] : NULL,
                  (size_t)ops[i].count * nc_type_bytes(ops[i].type));
  }
  const bool good = exchange(&traffic);
  for (uint64_t i = 0; good && i < count; i++) {
    if (ops[i].kind == NC_RECV && ops[i].count > 0)
      memcpy(bytes[ops[i].recv_span], into[i], (size_t)ops[i].count * nc_type_bytes(ops[i].type));
  }
  for (int i = 0; i < traffic.count; i++) free(traffic.list[i].data);
  return good;
}

void nc_run(const struct rt_work *work, uint8_t *const *bytes)
{
  struct ncclComm *comm;
  struct nc_op ops[NC_OPS];
  memcpy(&comm, &work->data[0], sizeof comm);
  const uint64_t count = work->data[1];
  memcpy(ops, &work->data[2], (size_t)count * sizeof ops[0]);
  const bool good = ops[0].kind >= NC_SEND
                        ? pairs(comm, ops, count, bytes)
                        : collective(comm, &ops[0], ops[0].send_span == NC_NONE ? NULL : bytes[ops[0].send_span],
                                     bytes[ops[0].recv_span]);
  if (!good && atomic_load(&comm->async) == ncclSuccess) atomic_store(&comm->async, ncclRemoteError);
}
