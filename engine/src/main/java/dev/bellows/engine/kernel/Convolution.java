package dev.bellows.engine.kernel;

/** Convolutions and their gradients. Addresses are of float32 unless said. */
public interface Convolution {}
