package dev.bellows.engine.kernel;

/** Layer, group, instance and local response normalisation. Addresses are of float32 unless said. */
public interface Normalisation {}
