/* Sums in 64 float lanes, joined in one order: the same bits for every instruction set, and fast enough for rows
 * that are in the first-level cache. Every 4,096 values the lanes are joined and added in double precision. */
#ifndef BELLOWS_VECTOR_H
#define BELLOWS_VECTOR_H

#include "bellows_math.h"

#define LANES_OF_SUM 64

/* Adds EXPR (of index i) for i in [0, n) to the double SUM. */
#define LANE_SUM(SUM, N, EXPR)                                                    \
  for (int64_t block_ = 0; block_ < (N); block_ += 4096) {                        \
    const int64_t end_ = (N) - block_ < 4096 ? (N) : block_ + 4096;               \
    float lane_[LANES_OF_SUM] = {0};                                              \
    int64_t at_ = block_;                                                         \
    for (; at_ + LANES_OF_SUM <= end_; at_ += LANES_OF_SUM) {                     \
      for (int j_ = 0; j_ < LANES_OF_SUM; j_++) {                                 \
        const int64_t i = at_ + j_;                                               \
        lane_[j_] = lane_[j_] + (EXPR);                                           \
      }                                                                           \
    }                                                                             \
    for (int64_t i = at_; i < end_; i++) { lane_[i - at_] = lane_[i - at_] + (EXPR); } \
    (SUM) += (double)join_64(lane_);                                              \
  }

INLINE float join_64(const float *lane) {
  float sum[16];
  for (int j = 0; j < 16; j++) { sum[j] = (lane[j] + lane[j + 32]) + (lane[j + 16] + lane[j + 48]); }
  return (((sum[0] + sum[8]) + (sum[4] + sum[12])) + ((sum[2] + sum[10]) + (sum[6] + sum[14]))) +
         (((sum[1] + sum[9]) + (sum[5] + sum[13])) + ((sum[3] + sum[11]) + (sum[7] + sum[15])));
}

#endif
