package dev.bellows.engine.kernel;

/** Moving elements: permutation, padding, gathering, scattering, one-hot, batched products. Addresses are of float32 unless said. */
public interface Indexing {}
