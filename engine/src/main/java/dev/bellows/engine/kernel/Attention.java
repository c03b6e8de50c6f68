package dev.bellows.engine.kernel;

/** Attention as one op. Addresses are of float32 unless said. */
public interface Attention {}
