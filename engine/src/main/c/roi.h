/* Regions of interest of channels-last images; geometry as in RoiShape in Java, numbers of 8 bytes in this order. */
#ifndef BELLOWS_ROI_H
#define BELLOWS_ROI_H

#include <stdint.h>

typedef struct {
  int64_t rows, height, width, channels, regions, bins_high, bins_wide, samples, half_pixel;
  double scale;
} roi_shape;

void bl_roi_align(const roi_shape *s, const float *x, const float *regions, float *y);
void bl_roi_align_grad(const roi_shape *s, const float *dy, const float *regions, float *dx);
/* index: of the largest pixel of each bin and channel, among all pixels of all images; -1 of an empty bin. */
void bl_roi_pool_index(const roi_shape *s, const float *x, const float *regions, int32_t *index);

#endif
