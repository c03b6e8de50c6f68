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

INLINE float join_64(float *lane) {
  for (int width = LANES_OF_SUM / 2; width >= 1; width /= 2) {
    for (int j = 0; j < width; j++) {
      lane[j] = lane[j] + lane[j + width];
    }
  }
  return lane[0];
}

#endif
