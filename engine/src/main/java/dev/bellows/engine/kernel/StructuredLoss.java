package dev.bellows.engine.kernel;

/**
 * Losses beyond the pointwise ones: metric learning, overlap, focal, divergences. Addresses are of
 * float32 unless said.
 */
public interface StructuredLoss {}
