package dev.bellows.engine.kernel;

/** Losses over alignments of sequences (CTC). Addresses are of float32 unless said. */
public interface Alignment {}
