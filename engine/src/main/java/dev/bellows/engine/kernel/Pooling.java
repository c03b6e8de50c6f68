package dev.bellows.engine.kernel;

/** Pooling, unpooling, regions of interest and resampling over the spatial axes. Addresses are of float32 unless said. */
public interface Pooling {}
