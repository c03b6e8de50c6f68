package dev.bellows.engine.graph;

/**
 * Ops that belong together. The rules of a family (shapes, gradients), its reference kernels and
 * its lowering to kernel calls stand in one class each.
 */
public enum OpFamily {
  /** Elementwise, dense and sparse products, reductions, batch normalisation, pointwise losses. */
  CORE,
  /** Convolutions and their gradients. */
  CONVOLUTION,
  /** Pooling, unpooling, regions of interest and resampling over the spatial axes. */
  POOLING,
  /** Layer, group, instance and local response normalisation. */
  NORMALISATION,
  /** Moving elements: permutation, padding, gathering, scattering, one-hot, batched products. */
  INDEXING,
  /** Attention as one op. */
  ATTENTION,
  /** Recurrent layers over a whole sequence. */
  RECURRENCE,
  /** Losses over alignments of sequences (CTC). */
  ALIGNMENT
}
